// Package storetest holds what every store.Backend must do. A backend's own
// test opens it and calls Run:
//
//	func TestBackend(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) store.Backend { return mine.New() })
//	}
package storetest

import (
	"crypto/rand"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// A Limit is a part of the contract that a backend does not claim. Run does
// not test it then.
type Limit int

const (
	// NoExpiry is the limit of a backend whose Find cannot tell when a session
	// expires, and whose Touch cannot tell a later time from an earlier one.
	NoExpiry Limit = iota + 1

	// NoEvents is the limit of a backend that is no store.Teller: a Store on it
	// hears of what other Stores do only when it asks.
	NoEvents

	// NoList is the limit of a backend that is no store.Lister, or whose All
	// returns store.ErrNoList.
	NoList
)

// Run tests the backends that open returns, each of them new or at least
// without the keys that it is asked for. It fails t for each broken promise,
// and for a limit that the backend does not have.
func Run(t *testing.T, open func(*testing.T) store.Backend, limits ...Limit) {
	t.Helper()
	s := suite{open: open, limits: limits}
	t.Run("Find", s.find)
	t.Run("Swap", s.swap)
	t.Run("Delete", s.delete)
	t.Run("Bytes", s.bytes)
	t.Run("List", s.list)
	t.Run("Expiry", s.expiry)
	t.Run("Life", s.life)
	t.Run("Touch", s.touch)
	t.Run("Concurrency", s.concurrency)
	t.Run("Ends", s.ends)
	t.Run("Context", s.context)
	for _, hashed := range []bool{false, true} {
		t.Run(fmt.Sprintf("HashTokenInStore=%v", hashed), func(t *testing.T) {
			s := s
			s.hashed = hashed
			t.Run("Idle", s.idle)
			t.Run("Merge", s.merge)
			t.Run("Finality", s.finality)
			t.Run("Middleware", s.middleware)
			t.Run("Iterate", s.iterate)
			t.Run("Events", s.events)
			t.Run("Once", s.once)
			t.Run("Missing", s.missing)
		})
	}
}

type suite struct {
	open   func(*testing.T) store.Backend
	limits []Limit
	hashed bool // HashTokenInStore of the managers
}

func (s suite) has(limit Limit) bool { return slices.Contains(s.limits, limit) }

// soon is a lifetime that a test can wait out, later one that it never does.
const (
	soon  = 300 * time.Millisecond
	later = time.Hour
)

// key returns a key that no other test uses.
func key() string { return "storetest-" + rand.Text() }

func in(d time.Duration) time.Time { return time.Now().Add(d) }

// until is the life of a session that was never to live longer.
func until(expiry time.Time) store.Life { return store.Life{Expiry: expiry, Limit: in(2 * later)} }
