package store

import (
	"context"
	"time"
)

// A Backend holds sessions as bytes by store key. The store key is what SCS hands a
// store: the token, or its hash under HashTokenInStore. [NewMemory] and [Wrap] make
// the backends of this package, package redisstore has another. A backend of your
// own must pass storetest.Run.
//
// An expired session is absent in every method. Every method is safe for
// concurrent use and gives up when ctx ends. An error means that the backend
// failed, never that a session is absent. Neither side changes bytes that were
// passed in or handed out.
//
// A backend may also be a [Lister], a [Prober], a [Comparer], a [Roll], a [Teller], a [Speaker], an
// [Audience], a [Reporter] and a [Checker].
type Backend interface {
	// Find returns the bytes under key and the time when they expire, zero where
	// the backend cannot tell. ok is false when there is no session.
	Find(ctx context.Context, key string) (b []byte, expiry time.Time, ok bool, err error)

	// Swap makes a change and passes on its note, in one atomic step, if the key
	// still holds change.Old. Otherwise ok is false and current is what the key
	// holds, nil for nothing.
	Swap(ctx context.Context, key string, change Change) (current []byte, ok bool, err error)

	// Touch gives the session a new life and leaves its bytes alone. ok is false
	// when there is no session.
	Touch(ctx context.Context, key string, life Life) (ok bool, err error)

	// Delete removes the session, passes on the note if there was one, and returns
	// the session's last bytes, nil when there was none.
	Delete(ctx context.Context, key string, note Note) (last []byte, err error)
}

// A Change replaces Old by New. A nil Old means that the key must be absent.
type Change struct {
	Old, New []byte
	Life     Life
	Keeps    bool // Life is what the session has already, as far as is known
	Note     Note

	// Unheard is the session's id if Note says nothing because an [Audience] knew of nobody
	// who would hear it. One that may be wrong makes sure: it tells whoever listens after all
	// that the session has changed, and knows better from then on.
	Unheard string

	// Owner is what a [Roll] needs; nil where the change means nothing to it. Other
	// backends ignore it.
	Owner *Owner

	// Once says that New was computed from Old, as by a counter. A backend that has
	// lost the answer to such a swap does not repeat it, but returns an error: the
	// change may have been made, and what it finds then may be another's that looks
	// the same. Any other swap may be repeated.
	Once bool
}

// A Checker is a [Backend] that can tell at the start what will never work. It is
// optional.
type Checker interface {
	// Check returns why the backend cannot be used, nil if that is not certain.
	Check(ctx context.Context) error
}

// A Life says when a session expires: at Expiry, or at its present expiry if that
// is later, but never after Limit. So a writer that knows only of an older use does
// not cut short what a later use has gained, and the deadline holds all the same.
type Life struct {
	Expiry, Limit time.Time
}

// After returns the new expiry of a session whose present expiry is given. present
// is zero for a session that is new, or whose expiry is unknown.
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

// A Lister is a [Backend] that can list its sessions. It is optional: SCS's Iterate
// needs it.
type Lister interface {
	// All returns the bytes of every session by store key.
	All(ctx context.Context) (map[string][]byte, error)
}

// A Prober is a [Backend] that can look for many sessions at once. It is optional:
// without it, [Core.Probe] calls Find for each.
type Prober interface {
	// Probe returns the bytes under each key, nil where there is no session.
	Probe(ctx context.Context, keys []string) ([][]byte, error)
}

// A Comparer is a [Backend] that finds out for less than a Find that nothing has changed.
// It is optional.
type Comparer interface {
	// Holds reports whether the key holds these bytes. After false, call Find.
	Holds(ctx context.Context, key string, b []byte) (bool, error)
}
