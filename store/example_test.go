package store_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"maps"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// Requests of this manager lose nothing of each other, and bring nothing back.
func ExampleStore_LoadAndSave() {
	manager := scs.New()
	sessions := store.Attach(manager, store.NewMemory(), store.Options{})

	mux := http.NewServeMux()
	mux.HandleFunc("/login", func(_ http.ResponseWriter, r *http.Request) {
		if err := manager.RenewToken(r.Context()); err != nil {
			log.Print(err)
			return
		}
		manager.Put(r.Context(), "user", r.FormValue("user"))
	})
	log.Fatal(http.ListenAndServe(":3000", sessions.LoadAndSave(mux)))
}

// A socket that holds a session hears of what a request saves.
func ExampleCore_Watch() {
	manager := scs.New()
	sessions := store.Attach(manager, store.NewMemory(), store.Options{}).Core()
	ctx := context.Background()

	request, err := manager.Load(store.Begin(ctx), "")
	if err != nil {
		log.Fatal(err)
	}
	manager.Put(request, "user", "alice")
	token, _, err := manager.Commit(request)
	if err != nil {
		log.Fatal(err)
	}

	watch := sessions.Watch() // Close it when you are done
	key := sessions.Key(token)
	watch.Follow(store.ID(key)) // follow, then load: so you miss nothing
	held, _, ok, err := sessions.Load(ctx, key, nil)
	if err != nil || !ok {
		log.Fatal("no session: ", err)
	}
	fmt.Println(held.Values["user"])

	manager.Put(request, "cart", "full")
	if _, _, err := manager.Commit(request); err != nil {
		log.Fatal(err)
	}
	event := <-watch.Events()
	fmt.Println(event.Kind, event.Keys)

	if err := manager.Destroy(request); err != nil {
		log.Fatal(err)
	}
	event = <-watch.Events()
	fmt.Println(event.Kind)
	_, err = sessions.Save(ctx, store.Commit{Key: key, Base: held, Mine: held, Used: time.Now()})
	fmt.Println(err)
	watch.Close()
	// Output:
	// alice
	// changed [cart]
	// destroyed
	// store: the session has ended
}

// mapBackend is the smallest backend: a map and a lock. It is no store.Teller, so a Store
// on it hears only of its own process.
type mapBackend struct {
	mu    sync.Mutex
	items map[string]mapItem
}

type mapItem struct {
	bytes  []byte
	expiry time.Time
}

func (m *mapBackend) Find(_ context.Context, key string) ([]byte, time.Time, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	it, ok := m.live(key)
	return it.bytes, it.expiry, ok, nil
}

func (m *mapBackend) Swap(_ context.Context, key string, change store.Change) ([]byte, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	it, ok := m.live(key)
	if ok != (change.Old != nil) || !bytes.Equal(it.bytes, change.Old) {
		return it.bytes, false, nil
	}
	m.items[key] = mapItem{change.New, change.Life.After(it.expiry)}
	return change.New, true, nil
}

func (m *mapBackend) Touch(_ context.Context, key string, life store.Life) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	it, ok := m.live(key)
	if ok {
		m.items[key] = mapItem{it.bytes, life.After(it.expiry)}
	}
	return ok, nil
}

func (m *mapBackend) Delete(_ context.Context, key string, _ store.Note) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	it, _ := m.live(key)
	delete(m.items, key)
	return it.bytes, nil
}

// live returns what is under key. It removes what has expired.
func (m *mapBackend) live(key string) (mapItem, bool) {
	maps.DeleteFunc(m.items, func(_ string, it mapItem) bool { return !time.Now().Before(it.expiry) })
	it, ok := m.items[key]
	return it, ok
}

func newMapBackend() *mapBackend { return &mapBackend{items: make(map[string]mapItem)} }

// Bring your own store: a backend is four methods. storetest tests what a store.Backend
// promises:
//
//	func TestBackend(t *testing.T) {
//		open := func(*testing.T) store.Backend { return newMapBackend() }
//		storetest.Run(t, open, storetest.NoEvents, storetest.NoList, storetest.NoRoll)
//	}
func ExampleBackend() {
	var backend store.Backend = newMapBackend()
	manager := scs.New()
	store.Attach(manager, backend, store.Options{})

	ctx, err := manager.Load(store.Begin(context.Background()), "")
	if err != nil {
		log.Fatal(err)
	}
	manager.Put(ctx, "user", "alice")
	_, _, err = manager.Commit(ctx)
	fmt.Println(err)
	// Output: <nil>
}

func TestExampleBackend(t *testing.T) {
	t.Parallel()
	open := func(*testing.T) store.Backend { return newMapBackend() }
	storetest.Run(t, open, storetest.NoEvents, storetest.NoList, storetest.NoRoll)
}
