package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2/memstore"

	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) store.Backend { return store.NewMemory() })
}

func TestWrapMemstore(t *testing.T) {
	t.Parallel()
	open := func(*testing.T) store.Backend { return store.Wrap(memstore.NewWithCleanupInterval(0)) }
	storetest.Run(t, open, storetest.NoExpiry, storetest.NoEvents, storetest.NoRoll)
}

// New sessions remove expired ones, so Memory needs no goroutine.
func TestMemorySweeps(t *testing.T) {
	t.Parallel()
	m := store.NewMemory()
	past, future := time.Now().Add(-time.Second), time.Now().Add(time.Hour)
	for i := range 1000 {
		if _, _, err := m.Swap(t.Context(), fmt.Sprint("old", i), store.Change{New: []byte("x"), Life: store.Life{Expiry: past, Limit: past}}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 1000 {
		if _, _, err := m.Swap(t.Context(), fmt.Sprint("new", i), store.Change{New: []byte("x"), Life: store.Life{Expiry: future, Limit: future}}); err != nil {
			t.Fatal(err)
		}
	}
	if got := m.Len(); got > 1100 {
		t.Errorf("%d sessions are held, 1000 of them live", got)
	}
}
