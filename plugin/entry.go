package plugin

import (
	"bytes"
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
	token    string
	id       string
	turn     turn         // taken by each handler that may write
	watch    *store.Watch // follows it; its own commits are not told there

	// sockets is guarded by sessions.mu.
	sockets []*socket

	// exchange is held while the store is asked or told: one exchange after
	// another, so that base never goes back. mu may be taken under it. No handler
	// runs under either; the Observer and OnError may under exchange, and the
	// manager's codec under both.
	exchange sync.Mutex

	// base is what the store last held. It is set under exchange, and read
	// without a lock by calls that SCS makes under a lock of its own.
	base atomic.Pointer[store.Snapshot]

	mu      sync.Mutex
	work    *store.Snapshot    // base and what was changed since; base itself when nothing was
	spare   weak.Pointer[view] // an unchanged view of work, until the garbage collector takes it
	outside *view              // what its sessions show between handlers
	stale   bool               // the store must be asked, also without an event
	asked   time.Time          // when the store was last asked
	used    time.Time          // the last inbound event
	touched time.Time          // the use that the store knows of
	expiry  time.Time          // when the session ends if it is not used
	timer   *time.Timer
	due     time.Time // when timer fires; zero when it does not
	cookie  time.Time // when a browser was last told to fetch its cookie anew
	ended   *Refusal

	failure  error // of the last exchange that failed
	failedAt time.Time
}

func newEntry(s *Sessions, key, token, id string, found *store.Snapshot) *entry {
	e := &entry{
		sessions: s, key: key, token: token, id: id,
		watch:  s.watch,
		asked:  time.Now(),
		cookie: time.Now(),
		turn:   newTurn(),
		work:   found,
	}
	e.base.Store(found)
	return e
}

// open returns a view of the session as it is now.
func (e *entry) open() *view {
	e.mu.Lock()
	spare, work := e.spare, e.work
	e.spare = weak.Pointer[view]{}
	e.mu.Unlock()
	if v := spare.Value(); v != nil && v.from == work {
		return v
	}
	return e.sessions.views.open(e.token, work)
}

// giveBack keeps a view that was not changed for the next handler, unless every
// handler would have to look whether it was.
func (e *entry) giveBack(v *view) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if v.from == e.work && !v.reused {
		e.spare = v.weak()
	}
}

// reuse keeps a view that was changed for the next handler, if what it made is
// the work.
func (e *entry) reuse(v *view, mine *store.Snapshot) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.work == mine {
		v.from, v.changed, v.reused = mine, false, true
		e.spare = v.weak()
	}
}

// changes returns what a handler made of its view, whose status SCS has told,
// nil when that is nothing new. The error is a value that cannot be stored.
func (e *entry) changes(v *view, status scs.Status) (*store.Snapshot, error) {
	if !v.changed && status == scs.Unmodified {
		return nil, nil
	}
	deadline, values := e.sessions.views.read(v)
	if v.reused && v.from.Holds(deadline, values) {
		return nil, nil
	}
	mine, err := e.sessions.store.Encode(deadline, values)
	if err != nil || v.reused && bytes.Equal(mine.Bytes, v.from.Bytes) {
		return nil, err
	}
	return mine, nil
}

// encode reads a view back. Its error is a value that cannot be stored.
func (e *entry) encode(v *view) (*store.Snapshot, error) {
	return e.sessions.store.Encode(e.sessions.views.read(v))
}

// adopt makes the changes from one snapshot to another part of the work, to be
// saved soon.
func (e *entry) adopt(from, mine *store.Snapshot, by *socket) error {
	e.mu.Lock()
	err := e.adoptLocked(from, mine)
	e.mu.Unlock()
	e.announce(from, mine, by)
	return err
}

func (e *entry) adoptLocked(from, mine *store.Snapshot) error {
	if e.work != from {
		var err error
		if mine, err = e.sessions.store.Rebase(from, mine, e.work); err != nil {
			return err
		}
	}
	e.work = mine
	e.armLocked(e.sessions.options.FlushInterval)
	return nil
}

// settle makes now, which the store holds, the base. The work is now as well,
// but for what was changed since sent.
func (e *entry) settle(sent, now *store.Snapshot) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	work := now
	if e.work != sent {
		var err error
		if work, err = e.sessions.store.Rebase(sent, e.work, now); err != nil {
			return &storeError{StageLoad, err}
		}
	}
	e.base.Store(now)
	e.work = work
	return nil
}

// refusal returns why the session has ended, nil while it lives.
func (e *entry) refusal() *Refusal {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.ended
}

// failed returns the error of a store that failed, and with StoreDown Refuse
// sends the sockets away.
func (e *entry) failed(stage string, err error) error {
	if e.sessions.options.StoreDown == Refuse {
		for _, so := range e.sessions.socketsOf(e) {
			go so.expel(refusal(CodeStoreError))
		}
	}
	e.mu.Lock()
	e.failure, e.failedAt = err, time.Now()
	e.mu.Unlock()
	return &storeError{stage, err}
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
	e.mu.Lock()
	if e.ended != nil {
		e.mu.Unlock()
		return
	}
	why.gone = true
	e.ended = why
	e.disarmLocked()
	e.mu.Unlock()
	for _, so := range e.sessions.forget(e) {
		go so.expel(why)
	}
}
