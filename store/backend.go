package store

import (
	"context"
	"time"
)

// A Backend holds sessions as bytes by store key. The key is what SCS hands a
// store: the token, or its hash under HashTokenInStore. [NewMemory],
// [NewRedis] and [Wrap] make the ones that come with this package; a backend
// of your own must pass storetest.Run.
//
// An expired session is absent in every method. Every method is safe for
// concurrent use and gives up when ctx ends. An error means that the backend
// failed, never that a session is absent. Bytes that were passed in or handed
// out are never changed, by either side.
type Backend interface {
	// Find returns the bytes under key and the time they expire, which is zero
	// where the backend cannot tell. ok is false when there is no session.
	Find(ctx context.Context, key string) (b []byte, expiry time.Time, ok bool, err error)

	// Swap replaces old by new in one atomic step. A nil old means that the key
	// must be absent. When something else is there, or nothing, ok is false
	// and current is what was found (nil for nothing).
	Swap(ctx context.Context, key string, old, new []byte, life Life) (current []byte, ok bool, err error)

	// Touch gives the session a new life and leaves its bytes alone. ok is
	// false when there is no session.
	Touch(ctx context.Context, key string, life Life) (ok bool, err error)

	// Delete removes the session and returns its last bytes, nil when there
	// was none.
	Delete(ctx context.Context, key string) (last []byte, err error)
}

// A Life says when a session expires: at Expiry, or when it would have anyway
// if that is later, but not after Limit. So nobody who knows of an older use
// cuts short what a later one has gained, and a deadline holds all the same.
type Life struct {
	Expiry, Limit time.Time
}

// After returns the expiry of a session that would expire at present, which is
// zero where there is none or it is unknown.
func (l Life) After(present time.Time) time.Time {
	expiry := l.Expiry
	if present.After(expiry) {
		expiry = present
	}
	if expiry.After(l.Limit) {
		expiry = l.Limit
	}
	return expiry
}

// A Lister is a [Backend] that can list its sessions, which is what SCS's
// Iterate needs.
type Lister interface {
	// All returns the bytes of every session by store key.
	All(ctx context.Context) (map[string][]byte, error)
}
