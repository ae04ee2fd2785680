package live

import (
	"sync"
	"sync/atomic"
	"time"
	"weak"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// A draft is a session as this process has it: base, what the store last held, and
// work, which is base with what was changed since.
type draft struct {
	ended atomic.Pointer[End] // why it accepts no more changes; set under mu

	mu       sync.Mutex
	base     *store.Snapshot    // set only during an exchange
	work     *store.Snapshot    // base itself when nothing was changed
	since    time.Time          // while work is not base: when the oldest of what was changed came
	yielding int                // requests that renew the session, or did: no change is accepted
	spare    weak.Pointer[view] // an unchanged view of work, until the garbage collector takes it
}

// state returns base and work.
func (d *draft) state() (base, work *store.Snapshot) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.base, d.work
}

// current returns work.
func (d *draft) current() *store.Snapshot {
	_, work := d.state()
	return work
}

// put replaces work by next, and reports whether it was still the given one. The
// error is an [End].
func (d *draft) put(work, next *store.Snapshot) (done bool, why error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.ended.Load() != nil:
		return false, d.ended.Load()
	case d.yielding > 0:
		return false, &End{store.Renewed}
	case d.work != work:
		return false, nil
	}
	if d.work == d.base {
		d.since = time.Now()
	}
	d.work = next
	return true, nil
}

// replace sets base, and work to what next makes of it. It calls next again when
// work has changed meanwhile. The error is next's.
func (d *draft) replace(
	base *store.Snapshot, next func(work *store.Snapshot) (*store.Snapshot, error),
) error {
	for {
		work := d.current()
		replaced, err := next(work)
		if err != nil {
			return err
		}
		d.mu.Lock()
		done := d.work == work
		if done {
			d.base, d.work = base, replaced
		}
		d.mu.Unlock()
		if done {
			return nil
		}
	}
}

// sent notes that the store has taken the work that was sent to it. What is left to save
// was changed meanwhile.
func (d *draft) sent(work *store.Snapshot) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.work != work {
		d.since = time.Now()
	}
}

// waits returns since when something waits to be saved, and whether anything does.
func (d *draft) waits() (since time.Time, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.since, !d.isSavedLocked()
}

// yield adds to the requests that renew the session.
func (d *draft) yield(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.yielding += n
}

// end lets nobody change the draft any more, and reports whether it was not ended
// already.
func (d *draft) end(why *End) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ended.CompareAndSwap(nil, why)
}

// isSaved reports whether nothing waits to be saved.
func (d *draft) isSaved() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.isSavedLocked()
}

func (d *draft) isSavedLocked() bool { return d.ended.Load() != nil || d.work == d.base }

// ifSaved returns what f returns, false when something waits to be saved. Nothing is
// changed while f runs.
func (d *draft) ifSaved(f func() bool) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.isSavedLocked() && f()
}

// reuse lets the next handler have a view of work. A view that was changed comes
// here only after it has shown that change: or every handler would have to compare.
func (d *draft) reuse(v *view) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if v.from.Load() == d.work {
		d.spare = v.weak()
	}
}

// unused returns the view to reuse, nil when there is none, and work.
func (d *draft) unused() (v *view, work *store.Snapshot) {
	d.mu.Lock()
	spare, work := d.spare, d.work
	d.spare = weak.Pointer[view]{}
	d.mu.Unlock()
	if v = spare.Value(); v != nil && v.from.Load() != work {
		v = nil
	}
	return v, work
}
