package live

import (
	"bytes"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// adopt makes the changes from one snapshot to another part of the work, which the
// timer saves soon. Errors: an [End], store.ErrTooLarge, or the codec's.
func (e *Entry) adopt(from, mine *store.Snapshot, by Member) error {
	if why := e.Known(); why != nil {
		return why
	}
	for {
		base, work := e.draft.state()
		next, err := e.rebase(from, mine, work)
		if err == nil {
			err = e.store.Fits(next, base)
		}
		if err != nil {
			return err
		}
		switch adopted, why := e.draft.put(work, next); {
		case why != nil:
			return why
		case adopted:
			e.clock.arm(e.config.FlushInterval)
			e.host.Changed(e, from, mine, by)
			return nil
		}
	}
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

// landed makes now, which the store holds after it was sent the work, the base, and
// the work with what was changed since. An exchange is under way.
func (e *Entry) landed(sent, now *store.Snapshot) error {
	e.draft.sent(sent)
	return e.replace(now, sent, now)
}

// absorb makes now, which the store was found to hold, the base, and the work now
// with what waits to be saved. If somebody else has written the same key, that write
// wins: ours is older, though it would be saved later. An exchange is under way.
func (e *Entry) absorb(now *store.Snapshot) error {
	base, mark := e.draft.state()
	merged, err := now, error(nil)
	if mark != base {
		if merged, err = e.store.Rebase(base, now, mark); err != nil {
			return e.failed(stageLoad, err)
		}
		if bytes.Equal(merged.Bytes, now.Bytes) {
			merged = now // nothing waits any more
		}
	}
	err = e.replace(now, mark, merged)
	e.host.Changed(e, base, now, nil)
	return err
}

// replace sets the base, and the work to onto with what was changed since it was
// seen. An exchange is under way.
func (e *Entry) replace(base, seen, onto *store.Snapshot) error {
	err := e.draft.replace(base, func(work *store.Snapshot) (*store.Snapshot, error) {
		return e.rebase(seen, work, onto)
	})
	if err != nil {
		return e.failed(stageLoad, err)
	}
	return nil
}

// peek returns the session data for a call between handlers. What it changes is
// collected before the next event, and when the timer fires, which also asks the
// store what others have changed. SCS may hold its lock of that data.
func (e *Entry) peek() any {
	work, wait := e.Snapshot(), e.config.FlushInterval
	v := e.shared.open(e.token(), work)
	if e.Snapshot() != work {
		wait = 0 // whoever changed it may have looked for the view before it was there
	}
	if !e.store.Hears() {
		e.fresh.doubt()
	}
	e.clock.arm(wait)
	return v.data
}

// collect makes what was changed between handlers part of the work, and shows
// there what the work has become. A session that was destroyed there ends. A value
// that cannot be stored is dropped and reported to the host, and the others are
// saved. The caller holds no lock. collect waits for a commit of SCS's through the
// view.
func (e *Entry) collect() {
	if e.Ended() != nil {
		return
	}
	destroyed, err := e.shared.collect(&e.draft, func(from, mine *store.Snapshot) error {
		return e.adopt(from, mine, nil) // nobody knows whose goroutine it was
	})
	if err != nil {
		e.host.Failed(stageSave, e.id, err)
	}
	if destroyed {
		_ = e.gone() // it is known
	}
}
