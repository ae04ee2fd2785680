package redisstore_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/gomodule/redigo/redis"

	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// A stall holds up what listening connections read, as a node does that is too busy.
type stall struct{ mu sync.RWMutex }

func (s *stall) dial(network, addr string) (net.Conn, error) {
	conn, err := net.Dial(network, addr)
	return &stalling{Conn: conn, stall: s}, err
}

type stalling struct {
	net.Conn
	stall   *stall
	listens atomic.Bool
}

func (c *stalling) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte("SUBSCRIBE")) {
		c.listens.Store(true)
	}
	return c.Conn.Write(b)
}

func (c *stalling) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.listens.Load() {
		c.stall.mu.RLock() // what was read is not seen, and no more is read
		defer c.stall.mu.RUnlock()
	}
	return n, err
}

// listenTo follows a session, joins it as a topic, and returns when both are heard.
func listenTo(t *testing.T, core *store.Core, id string) (*store.Watch, *store.Listener) {
	t.Helper()
	watch := core.Watch()
	t.Cleanup(watch.Close)
	watch.Follow(id)
	listener := core.Listen(func(json.RawMessage) {})
	t.Cleanup(listener.Close)
	listener.Join(id)
	if !listener.Await(id, 10*time.Second) {
		t.Fatal("what is said is not heard")
	}
	eventually(t, "it hears", core.Hears)
	return watch, listener
}

// So much is said to a node that reads too slowly that Redis cuts it off. A logout comes
// by another connection, which is not cut off.
func TestFloodDelaysNoLogout(t *testing.T) {
	t.Parallel()
	const times, size = 400, 200 << 10 // 80 MB; Redis keeps 32 MB for a listener
	server := storetest.Redis(t)
	slow, log := &stall{}, &complaints{}
	pool := &redis.Pool{MaxIdle: 8, Dial: func() (redis.Conn, error) {
		return redis.Dial("tcp", server.Addr, redis.DialNetDial(slow.dial))
	}}
	defer pool.Close()
	core := store.Attach(scs.New(), redisstore.New(pool), store.Options{Logger: slog.New(slog.NewTextHandler(log, nil))}).Core()
	other, token := newCounter(t, redisstore.New(server.Pool()))
	id := store.ID(token)
	watch, _ := listenTo(t, core, id)

	slow.mu.Lock()
	data := json.RawMessage(`"` + strings.Repeat("x", size) + `"`)
	for range times {
		if err := other.Say(t.Context(), nil, id, data); err != nil {
			t.Fatal(err)
		}
	}
	if err := other.End(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	eventually(t, "Redis cuts one of two connections off", func() bool {
		clients, err := redis.String(do(t, server.Addr, "CLIENT", "LIST", "TYPE", "PUBSUB"), nil)
		return err == nil && strings.Count(clients, "\n") == 1
	})
	slow.mu.Unlock()
	for {
		event := <-watch.Events()
		if event.Kind == store.Destroyed {
			break
		}
		if event.Kind != store.Missed { // it was not heard when it began
			t.Fatalf("heard %.100v", event)
		}
	}
	eventually(t, "the loss is told", func() bool { return strings.Contains(strings.Join(log.lines(), ""), "did not reach this node") })
	if lines := log.lines(); len(lines) != 1 {
		t.Errorf("the log says:\n%s", strings.Join(lines, "\n"))
	}
}

// A listening connection that is cut off again and again is logged once, with the time
// from which on what was said was lost.
func TestLossesAreOneLine(t *testing.T) {
	t.Parallel()
	server, log := storetest.Redis(t), &complaints{}
	core := store.Attach(scs.New(), redisstore.New(server.Pool()), store.Options{Logger: slog.New(slog.NewTextHandler(log, nil))}).Core()
	listener := core.Listen(func(json.RawMessage) {})
	defer listener.Close()
	topic := store.ID("topic")
	listener.Join(topic)
	for range 3 {
		if !listener.Await(topic, 10*time.Second) {
			t.Fatal("it does not hear")
		}
		do(t, server.Addr, "CLIENT", "KILL", "TYPE", "pubsub")
		eventually(t, "it is cut off", func() bool { return !listener.Await(topic, 0) })
	}
	eventually(t, "a loss is told", func() bool { return len(log.lines()) > 0 })
	lines := log.lines()
	if from := regexp.MustCompile(`from \d\d:\d\d:\d\d to \d\d:\d\d:\d\d`); len(lines) != 1 || !from.MatchString(lines[0]) {
		t.Errorf("the log says:\n%s", strings.Join(lines, "\n"))
	}
}

// A listening connection that is lost costs a few commands and one event, however many
// sessions are followed, and a burst of notes overflows nothing.
func TestManyFollowed(t *testing.T) {
	t.Parallel()
	sessions, burst := quickly(10_000, 50_000), 5_000
	server := storetest.Redis(t)
	core := store.Attach(scs.New(), redisstore.New(server.Pool()), store.Options{}).Core()
	watch := core.Watch()
	defer watch.Close()
	ids := make([]string, sessions)
	for i := range ids {
		ids[i] = store.ID(fmt.Sprint(i))
		watch.Follow(ids[i])
	}
	eventually(t, "it hears", core.Hears)
	if event := <-watch.Events(); event.ID != "" || event.Kind != store.Missed {
		t.Errorf("first heard is %v", event)
	}

	do(t, server.Addr, "CONFIG", "RESETSTAT")
	do(t, server.Addr, "CLIENT", "KILL", "TYPE", "pubsub")
	for event := range watch.Events() {
		if event.Kind != store.Missed {
			t.Errorf("heard %v", event)
		}
		if event.ID == "" {
			break
		}
	}
	if !core.Hears() {
		t.Error("it does not hear")
	}
	stats, calls := statsOf(t, server), 0
	for line := range strings.Lines(stats) {
		if rest, ok := strings.CutPrefix(line, "cmdstat_subscribe:calls="); ok {
			_, _ = fmt.Sscanf(rest, "%d", &calls)
		}
	}
	if most := sessions/1000 + 2; calls == 0 || calls > most {
		t.Errorf("%d SUBSCRIBE, want %d at most:\n%s", calls, most, stats)
	}

	other := redisstore.New(server.Pool())
	for _, id := range ids[:burst] {
		if err := other.Say(t.Context(), store.Note{Event: store.Event{ID: id, Kind: store.Changed}, From: "other"}); err != nil {
			t.Fatal(err)
		}
	}
	heard := make(map[string]bool, burst)
	for len(heard) < burst {
		select {
		case event := <-watch.Events():
			if event.Kind != store.Changed {
				t.Fatalf("heard %v", event)
			}
			heard[event.ID] = true
		case <-time.After(10 * time.Second):
			t.Fatalf("heard of %d of %d", len(heard), burst)
		}
	}

	watch.Close()
	eventually(t, "nobody listens", func() bool {
		channels, err := redis.Values(do(t, server.Addr, "PUBSUB", "CHANNELS"), nil)
		return err == nil && len(channels) == 0
	})
}
