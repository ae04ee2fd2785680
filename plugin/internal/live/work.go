package live

import (
	"bytes"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// state returns what the store last held and what it is to hold.
func (e *Entry) state() (base, work *store.Snapshot) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.base, e.work
}

// adopt makes the changes from one snapshot to another part of the work, to be
// saved soon. The error is that of a session that has ended or is being renewed,
// or of the codec.
func (e *Entry) adopt(from, mine *store.Snapshot, by Member) error {
	if why := e.Known(); why != nil {
		return why
	}
	for {
		base, work := e.state()
		next, err := e.rebase(from, mine, work)
		if err == nil {
			err = e.store.Fits(next, base)
		}
		if err != nil {
			return err
		}
		switch adopted, why := e.put(work, next); {
		case why != nil:
			return why
		case adopted:
			e.host.Changed(e, from, mine, by)
			return nil
		}
	}
}

// put makes next the work, if that is still the given one.
func (e *Entry) put(work, next *store.Snapshot) (done bool, why error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.ended.Load() != nil:
		return false, e.ended.Load()
	case e.yielding > 0:
		return false, &End{store.Renewed}
	case e.work != work:
		return false, nil
	}
	e.work = next
	e.armLocked(e.config.FlushInterval)
	return true, nil
}

// rebase returns onto with the changes from one snapshot to another.
func (e *Entry) rebase(from, mine, onto *store.Snapshot) (*store.Snapshot, error) {
	switch {
	case onto == from:
		return mine, nil
	case mine == from:
		return onto, nil
	}
	return e.store.Rebase(from, mine, onto)
}

// landed makes now, which the store holds after it was sent the work, the base.
// The work is now as well, but for what was changed since. exchange is held.
func (e *Entry) landed(sent, now *store.Snapshot) error {
	return e.replace(now, func(work *store.Snapshot) (*store.Snapshot, error) {
		return e.rebase(sent, work, now)
	})
}

// absorb makes now, which the store was found to hold, the base, and the work
// with it. What waits to be saved stays, but where somebody else has written the
// same: ours is older, though it would be saved later. exchange is held.
func (e *Entry) absorb(now *store.Snapshot) error {
	base, mark := e.state()
	merged, err := now, error(nil)
	if mark != base {
		if merged, err = e.store.Rebase(base, now, mark); err != nil {
			return e.failed(stageLoad, err)
		}
		if bytes.Equal(merged.Bytes, now.Bytes) {
			merged = now // nothing waits any more
		}
	}
	err = e.replace(now, func(work *store.Snapshot) (*store.Snapshot, error) {
		return e.rebase(mark, work, merged)
	})
	e.host.Changed(e, base, now, nil)
	return err
}

// replace sets the base, and what next makes of the work.
func (e *Entry) replace(base *store.Snapshot, next func(work *store.Snapshot) (*store.Snapshot, error)) error {
	for {
		_, work := e.state()
		replaced, err := next(work)
		if err != nil {
			return e.failed(stageLoad, err)
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
