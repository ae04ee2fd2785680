package live

import (
	"context"
	"errors"
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// flush saves what is not saved yet.
func (e *Entry) flush() error {
	e.collect()
	defer e.collect()
	e.exchange.begin()
	defer e.exchange.end()
	return e.flushWork()
}

// isRefused reports whether the store does not take a change, and never will.
func isRefused(err error) bool {
	return errors.Is(err, store.ErrTooLarge) || errors.Is(err, store.ErrUser)
}

// flushWork is flush during an exchange. If somebody else has written the session
// meanwhile, what waited is older, and gives way. It drops what is refused with that.
func (e *Entry) flushWork() error {
	return e.store.Retry(context.Background(), func() (done bool, err error) {
		base, work := e.draft.state()
		if work == base {
			return true, nil
		}
		done, err = e.swap(base, work, work, false)
		if isRefused(err) {
			err = errors.Join(err, e.landed(work, base)) // as if nothing had been sent
		}
		return done, err
	})
}

// commit saves the changes from one snapshot to another, which are new, behind
// all that waits to be saved.
func (e *Entry) commit(from, mine *store.Snapshot, by Member) error {
	defer e.collect()
	e.exchange.begin()
	defer e.exchange.end()
	if err := e.flushWork(); err != nil {
		return err
	}
	return e.store.Retry(context.Background(), func() (done bool, err error) {
		base, work := e.draft.state()
		next, err := e.rebase(from, mine, work)
		if err != nil {
			return false, &StoreError{stageSave, err}
		}
		done, err = e.swap(base, work, next, false)
		if done {
			e.host.Changed(e, from, mine, by)
		}
		return done, err
	})
}

// swap makes mine, which was made from work, what the store holds, if that still
// holds base. Otherwise what it holds is the new base. once says that mine must not be
// made of base twice. An exchange is under way.
func (e *Entry) swap(base, work, mine *store.Snapshot, once bool) (done bool, err error) {
	used, start := e.clock.lastUse(), time.Time{}
	if e.config.Saved != nil {
		start = time.Now()
	}
	now, ok, err := e.store.Swap(context.Background(), store.Commit{
		Key: e.key, ID: e.id, Base: base, Mine: mine, Used: used, Lasts: e.clock.lasts(base.Deadline), Once: once, By: e.fresh.watch,
	})
	e.countSwap(start, now, ok, err)
	if err != nil {
		return false, e.failed(stageSave, err)
	}
	e.outage.end()
	if !ok {
		return false, e.absorb(now)
	}
	e.clock.noteTouch(used, now.Deadline)
	e.host.Saved(e, base, mine)
	return true, e.landed(work, now)
}

// countSwap counts a swap when the exchange is over. now is what the store holds.
func (e *Entry) countSwap(start time.Time, now *store.Snapshot, ok bool, err error) {
	switch saved, conflicted := e.config.Saved, e.config.Conflicted; {
	case !ok && err == nil:
		if conflicted != nil {
			e.exchange.callAfter(conflicted)
		}
	case saved != nil:
		size := sizeOf(now) // once: a closure over what changes costs an allocation each time
		e.exchange.callAfter(func() { saved(start, size, err) })
	}
	if large := e.config.Large; ok && large != nil && sizeOf(now) > e.config.LargeBytes {
		e.exchange.callAfter(func() { large(e.id, sizeOf(now)) })
	}
}

func sizeOf(s *store.Snapshot) int {
	if s == nil {
		return 0
	}
	return len(s.Bytes)
}

// touch tells the store of the last use, if it must hear of it now, or if this is
// the last chance.
func (e *Entry) touch(last bool) error {
	e.exchange.begin()
	defer e.exchange.end()
	used, ok := e.clock.pending(last)
	if !ok {
		return nil
	}
	base, _ := e.draft.state()
	if err := e.store.Touch(context.Background(), e.key, base.Deadline, used); err != nil {
		return e.failed(stageTouch, err)
	}
	e.outage.end()
	e.clock.noteTouch(used, base.Deadline)
	return nil
}

// sync saves what is not saved and tells the store of the last use, if it must hear
// of it now, or if this is the last chance.
func (e *Entry) sync(last bool) error {
	if err := e.flush(); err != nil {
		return IgnoreEnd(err)
	}
	return IgnoreEnd(e.touch(last))
}

// retry makes the timer try a failed save again.
func (e *Entry) retry() { e.clock.arm(e.config.retryPause()) }
