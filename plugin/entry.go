package plugin

import (
	"bytes"
	"crypto/rand"
	"sync"
	"sync/atomic"
	"time"
	"weak"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// An entry is one session in this process, shared by its sockets. It lives
// from the first socket's connect until the last has left and every change is
// saved.
type entry struct {
	sessions *Sessions
	key      string // the store key
	name     string // what SCS knew it by first: the token, or a stand-in for it
	id       string
	turn     turn                        // taken by each handler that may write
	watch    atomic.Pointer[store.Watch] // follows it; its own commits are not told there
	ended    atomic.Pointer[Refusal]     // why it has ended; nil while it lives
	outside  atomic.Pointer[view]        // what its sessions show between handlers

	// learned is the token, where name is a stand-in and a cookie has brought it
	// since.
	learned atomic.Pointer[string]

	// sockets is guarded by sessions.mu.
	sockets []*socket

	// exchange is held while the store is asked or told, over the codec: one
	// exchange after another, so that base never goes back. A view's mu is taken
	// before it, never under it, and SCS is not called under it.
	exchange sync.Mutex
	told     []func() // calls of the app's that wait for the end of the exchange

	// mu guards the rest. Nothing is called under it that waits or is not ours.
	mu       sync.Mutex
	base     *store.Snapshot    // what the store last held; set under exchange too
	work     *store.Snapshot    // base and what was changed since; base itself when nothing was
	spare    weak.Pointer[view] // an unchanged view of work, until the garbage collector takes it
	yielding bool               // it is being renewed here: no change is taken any more
	heard    uint64             // of watch.Heard, when the store was last asked
	stale    bool               // the store must be asked, whatever was heard
	asked    time.Time          // when the store was last asked
	used     time.Time          // the last inbound event
	touched  time.Time          // the use that the store knows of
	expiry   time.Time          // when the session ends if it is not used
	timer    *time.Timer
	due      time.Time // when timer fires; zero when it does not
	cookie   time.Time // when a browser was last told to fetch its cookie anew

	failure  error // of the last exchange that failed
	failedAt time.Time
}

// newEntry makes one of a session whose token is "" where nobody knows it: a
// ticket is kept as the store key, which may be its hash. Then SCS is given a
// stand-in, which names no session.
func newEntry(s *Sessions, key, token, id string, found *store.Snapshot) *entry {
	if token == "" {
		token = rand.Text()
	}
	e := &entry{
		sessions: s, key: key, name: token, id: id,
		asked:  time.Now(),
		cookie: time.Now(),
		turn:   newTurn(),
		base:   found,
		work:   found,
	}
	e.watch.Store(s.watch)
	return e
}

// token returns what SCS is to know the session by.
func (e *entry) token() string {
	if learned := e.learned.Load(); learned != nil {
		return *learned
	}
	return e.name
}

// identify learns the token, unless it is known or "".
func (e *entry) identify(token string) {
	if token != "" && token != e.token() {
		e.learned.Store(&token)
	}
}

// isNamed tells whether a view shows the token.
func (e *entry) isNamed(v *view) bool {
	return e.learned.Load() == nil || e.sessions.manager.Token(v) == e.token()
}

// open returns a view of the session as it is now.
func (e *entry) open() *view {
	e.mu.Lock()
	spare, work := e.spare, e.work
	e.spare = weak.Pointer[view]{}
	e.mu.Unlock()
	if v := spare.Value(); v != nil && v.from.Load() == work && e.isNamed(v) {
		return v
	}
	return e.sessions.views.open(e.token(), work)
}

// openFresh returns a view whose values are nobody else's: what is done to them
// in place must not count twice.
func (e *entry) openFresh(work *store.Snapshot) (*view, error) {
	fresh, err := e.sessions.store.Fresh(work)
	if err != nil {
		return nil, &storeError{StageLoad, err}
	}
	v := e.sessions.views.open(e.token(), fresh)
	v.from.Store(work)
	return v, nil
}

// keep keeps a view of the work for the next handler. One that was changed is
// kept only after it has shown that: or every handler would have to look.
func (e *entry) keep(v *view) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if v.from.Load() == e.work {
		e.spare = v.weak()
	}
}

// A change is what was made of a view.
type change struct {
	mine  *store.Snapshot // nil when it is nothing new
	seen  contents        // what the view showed then, if it was looked at
	asPut bool            // mine holds the very values that it showed
}

// changes returns what was made of a view, whose status SCS has told. The error is
// a value that cannot be stored. v.mu is held.
func (e *entry) changes(v *view, status scs.Status) (made change, err error) {
	if status == scs.Unmodified {
		return made, nil
	}
	from := v.from.Load()
	made.seen = e.sessions.views.read(v)
	if v.reused && from.Holds(made.seen.deadline, made.seen.values) {
		return made, nil
	}
	mine, asPut, err := e.sessions.store.EncodeFrom(from, made.seen.deadline, made.seen.values)
	if err == nil && (!v.reused || !bytes.Equal(mine.Bytes, from.Bytes)) {
		made.mine, made.asPut = mine, asPut
	}
	return made, err
}
