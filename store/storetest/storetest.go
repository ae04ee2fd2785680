// Package storetest tests what every store.Backend promises. A backend's own test opens
// it and calls Run:
//
//	func TestBackend(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) store.Backend { return mine.New() })
//	}
package storetest

import (
	"fmt"
	"testing"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// Run tests the backends that open returns. Each is new, or does not have the keys that
// a test uses. Run fails t for each broken promise, and for a limit that the backend
// does not have.
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
	t.Run("Roll", s.roll)
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
			t.Run("Probe", s.probe)
			t.Run("Users", s.users)
		})
	}
}
