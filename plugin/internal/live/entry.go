package live

import (
	"crypto/rand"
	"sync"
	"sync/atomic"
	"time"
	"weak"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// An Entry is one session in this process, shared by its members. It lives from the
// first member's joining until the last has left and every change is saved. Its
// methods are safe for concurrent use.
type Entry struct {
	*env
	book  *Book
	key   string // the store key
	name  string // what SCS knew it by first: the token, or a stand-in for it
	id    string
	turn  turn                        // taken by each handler that may write
	watch atomic.Pointer[store.Watch] // follows it; its own commits are not told there
	ended atomic.Pointer[End]         // why it has ended; nil while it lives

	outside atomic.Pointer[view]   // what its uses show between handlers
	learned atomic.Pointer[string] // the token, where name is a stand-in and a cookie has brought it since
	lately  atomic.Int64           // when Due was last true, in Unix nanoseconds

	members []Member // guarded by book.mu

	// exchange is held while the store is asked or told, over the codec: one
	// exchange after another, so that base never goes back. A view's mu is taken
	// before it, never under it, and SCS is not called under it.
	exchange sync.Mutex
	told     []func() // calls of the host's that wait for the end of the exchange

	// mu guards the rest. Nothing is called under it that waits or is not ours.
	mu       sync.Mutex
	base     *store.Snapshot    // what the store last held; set under exchange too
	work     *store.Snapshot    // base and what was changed since; base itself when nothing was
	spare    weak.Pointer[view] // an unchanged view of work, until the garbage collector takes it
	yielding int                // how often it is being renewed here, or was: no change is taken any more
	heard    uint64             // of watch.Heard, when the store was last asked
	stale    bool               // the store must be asked, whatever was heard
	asked    time.Time          // when the store was last asked
	used     time.Time          // the last use
	touched  time.Time          // the use that the store knows of
	expiry   time.Time          // when the session ends if it is not used
	guessed  bool               // expiry is our own guess: the backend cannot tell
	timer    *time.Timer
	due      time.Time // when timer fires; zero when it does not
	failure  error     // of the last exchange that failed
	failedAt time.Time
}

// newEntry makes one of a session whose token is "" where nobody knows it: a
// ticket is kept as the store key, which may be its hash. Then SCS is given a
// stand-in, which names no session. b.mu is held.
func newEntry(b *Book, key, token, id string, found *store.Snapshot) *Entry {
	if token == "" {
		token = rand.Text()
	}
	now := time.Now()
	e := &Entry{
		env: b.env, book: b, key: key, name: token, id: id,
		turn:  newTurn(),
		asked: now,
		base:  found,
		work:  found,
	}
	e.lately.Store(now.UnixNano())
	e.watch.Store(b.watch)
	return e
}

// ID returns the session's public name.
func (e *Entry) ID() string { return e.id }

// Snapshot returns the session as this process has it, saved or not.
func (e *Entry) Snapshot() *store.Snapshot {
	_, work := e.state()
	return work
}

// Due reports true once in every interval, first after one has passed. It is for
// what the host repeats while a session is used.
func (e *Entry) Due(interval time.Duration) bool {
	last, now := e.lately.Load(), time.Now()
	return now.Sub(time.Unix(0, last)) > interval && e.lately.CompareAndSwap(last, now.UnixNano())
}

// token returns what SCS is to know the session by.
func (e *Entry) token() string {
	if learned := e.learned.Load(); learned != nil {
		return *learned
	}
	return e.name
}

// identify learns the token, unless it is known or "".
func (e *Entry) identify(token string) {
	if token != "" && token != e.token() {
		e.learned.Store(&token)
	}
}

// isNamed tells whether a view shows the token.
func (e *Entry) isNamed(v *view) bool {
	return e.learned.Load() == nil || e.manager.Token(v) == e.token()
}

// open returns a view of the session as it is now.
func (e *Entry) open() *view {
	e.mu.Lock()
	spare, work := e.spare, e.work
	e.spare = weak.Pointer[view]{}
	e.mu.Unlock()
	if v := spare.Value(); v != nil && v.from.Load() == work && e.isNamed(v) {
		return v
	}
	return e.views.open(e.token(), work)
}

// keep keeps a view of the work for the next handler. One that was changed is
// kept only after it has shown that: or every handler would have to look.
func (e *Entry) keep(v *view) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if v.from.Load() == e.work {
		e.spare = v.weak()
	}
}
