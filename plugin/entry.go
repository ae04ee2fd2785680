package plugin

import (
	"bytes"
	"crypto/rand"
	"errors"
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
	if err == nil && !(v.reused && bytes.Equal(mine.Bytes, from.Bytes)) {
		made.mine, made.asPut = mine, asPut
	}
	return made, err
}

// state returns what the store last held and what it is to hold.
func (e *entry) state() (base, work *store.Snapshot) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.base, e.work
}

// adopt makes the changes from one snapshot to another part of the work, to be
// saved soon. The error is that of a session that has ended or is being renewed,
// or of the codec.
func (e *entry) adopt(from, mine *store.Snapshot, by *socket) error {
	if why := e.known(); why != nil {
		return why
	}
	for {
		base, work := e.state()
		next, err := e.rebase(from, mine, work)
		if err == nil {
			err = e.sessions.store.Fits(next, base)
		}
		if err != nil {
			return err
		}
		switch adopted, why := e.put(work, next); {
		case why != nil:
			return why
		case adopted:
			e.announce(from, mine, by)
			return nil
		}
	}
}

// put makes next the work, if that is still the given one.
func (e *entry) put(work, next *store.Snapshot) (done bool, why error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.ended.Load() != nil:
		return false, e.ended.Load()
	case e.yielding:
		return false, endedBy(CodeRenewed)
	case e.work != work:
		return false, nil
	}
	e.work = next
	e.armLocked(e.sessions.options.FlushInterval)
	return true, nil
}

// rebase returns onto with the changes from one snapshot to another.
func (e *entry) rebase(from, mine, onto *store.Snapshot) (*store.Snapshot, error) {
	switch {
	case onto == from:
		return mine, nil
	case mine == from:
		return onto, nil
	}
	return e.sessions.store.Rebase(from, mine, onto)
}

// settle makes now, which the store holds after it was sent the work, the base.
// The work is now as well, but for what was changed since. exchange is held.
func (e *entry) settle(sent, now *store.Snapshot) error {
	return e.replace(now, func(work *store.Snapshot) (*store.Snapshot, error) {
		return e.rebase(sent, work, now)
	})
}

// absorb makes now, which the store was found to hold, the base, and the work
// with it. What waits to be saved stays, but where somebody else has written the
// same: ours is older, though it would be saved later. exchange is held.
func (e *entry) absorb(now *store.Snapshot) error {
	base, mark := e.state()
	merged, err := now, error(nil)
	if mark != base {
		if merged, err = e.sessions.store.Rebase(base, now, mark); err != nil {
			return e.failed(StageLoad, err)
		}
		if bytes.Equal(merged.Bytes, now.Bytes) {
			merged = now // nothing waits any more
		}
	}
	err = e.replace(now, func(work *store.Snapshot) (*store.Snapshot, error) {
		return e.rebase(mark, work, merged)
	})
	e.announce(base, now, nil)
	return err
}

// replace sets the base, and what next makes of the work.
func (e *entry) replace(base *store.Snapshot, next func(work *store.Snapshot) (*store.Snapshot, error)) error {
	for {
		_, work := e.state()
		replaced, err := next(work)
		if err != nil {
			return e.failed(StageLoad, err)
		}
		e.mu.Lock()
		done := e.work == work
		if done {
			e.base, e.work = base, replaced
		}
		e.mu.Unlock()
		if done {
			return nil
		}
	}
}

// known returns why the session has ended or is about to, as far as this process
// knows, nil while it lives. The news of an end may still be on their way to the
// entry when the call that made it has returned.
func (e *entry) known() error {
	if why := e.ended.Load(); why != nil {
		return why
	}
	kind := e.sessions.store.Ended(e.id)
	switch kind {
	case "":
		return nil
	case store.Renewed:
		return endedBy(CodeRenewed) // the sockets are told when the new cookie is there
	}
	e.end(refusal(string(kind)))
	return e.ended.Load()
}

// endedBy returns the refusal of a session that has ended.
func endedBy(code string) *Refusal {
	why := refusal(code)
	why.gone = true
	return why
}

// failed returns the error of an exchange that has failed, which need not be the
// store's fault.
func (e *entry) failed(stage string, err error) error {
	switch {
	case errors.Is(err, store.ErrGone):
		return e.gone()
	case errors.Is(err, store.ErrTooLarge):
		return err
	case errors.Is(err, store.ErrMalformed):
		return e.broken(stage, err)
	}
	e.sessions.outage.begin()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.failure, e.failedAt = err, time.Now()
	return &storeError{stage, err}
}

// broken ends a session that does not decode: it is of no use to anybody, and will
// not mend.
func (e *entry) broken(stage string, err error) error {
	e.tell(func() { e.sessions.report(stage, e.id, err) })
	why := refusal(CodeInternal)
	e.end(why)
	return e.ended.Load()
}

// failedSince returns the error of an exchange that has failed since, nil if none
// has: whoever waited for it need not fail by itself once more.
func (e *entry) failedSince(start time.Time) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.failedAt.After(start) {
		return &storeError{StageLoad, e.failure}
	}
	return nil
}

// end marks the session as ended and tells its sockets. Only the first call
// counts.
func (e *entry) end(why *Refusal) {
	why.gone = true
	e.mu.Lock()
	if e.ended.Load() != nil {
		e.mu.Unlock()
		return
	}
	e.ended.Store(why)
	e.disarmLocked()
	e.mu.Unlock()
	for _, so := range e.sessions.forget(e) {
		go so.expel(why)
	}
}
