package storetest

import (
	"crypto/rand"
	"slices"
	"testing"
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// A Limit is a part of the contract that a backend does not claim. Run does not test it.
type Limit int

const (
	// NoExpiry is the limit of a backend whose Find cannot tell when a session
	// expires, and whose Touch cannot tell a later time from an earlier one.
	NoExpiry Limit = iota + 1

	// NoEvents is the limit of a backend that is no store.Teller: a Store on it hears
	// of what other Stores do only when it asks.
	NoEvents

	// NoList is the limit of a backend that is no store.Lister, or whose All returns
	// store.ErrNoList.
	NoList

	// NoRoll is the limit of a backend that is no store.Roll.
	NoRoll
)

// A suite is the tests of one kind of backend.
type suite struct {
	open   func(*testing.T) store.Backend
	limits []Limit
	hashed bool // HashTokenInStore of the managers
}

func (s suite) has(limit Limit) bool { return slices.Contains(s.limits, limit) }

// soon is a lifetime that a test waits for, later one that no test waits for.
const (
	soon  = 300 * time.Millisecond
	later = time.Hour
)

// key returns a key that no other test uses.
func key() string { return "storetest-" + rand.Text() }

func in(d time.Duration) time.Time { return time.Now().Add(d) }

// until returns the life of a session that expires at expiry, and never had more.
func until(expiry time.Time) store.Life { return store.Life{Expiry: expiry, Limit: in(2 * later)} }
