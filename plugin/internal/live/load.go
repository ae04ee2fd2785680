package live

import (
	"context"
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// refresh asks the store what the session is now. Changes that are not saved
// yet stay, but for those that somebody else has overwritten. The error is a
// StoreError, or the End of a session that is over.
func (e *Entry) refresh() error {
	start := time.Now()
	e.collect()
	defer e.collect() // which shows the calls between handlers what came of it
	e.exchange.begin()
	defer e.exchange.end()
	if err := e.exchange.failedSince(start); err != nil {
		return err
	}
	return e.load()
}

// load is refresh during an exchange.
func (e *Entry) load() error {
	q := e.fresh.ask()
	base, _ := e.draft.state()
	asked := time.Now()
	now, ok, err := e.ask(base)
	if count := e.config.Loaded; count != nil {
		answer := err
		e.exchange.callAfter(func() { count(asked, answer) })
	}
	switch {
	case err != nil:
		err = e.failed(stageLoad, err)
	case !ok:
		err = e.gone()
	default:
		e.outage.end()
		if now != base {
			err = e.absorb(now)
		}
	}
	e.fresh.answer(q, err) // not before the draft has it: nobody would ask, or wait for it
	return err
}

// ask returns what the store holds, base itself if that is it. Where nobody has heard of a
// change, there is hardly one.
func (e *Entry) ask(base *store.Snapshot) (now *store.Snapshot, ok bool, err error) {
	if !e.fresh.isStale() && !e.clock.isOver() {
		if held, err := e.store.Holds(context.Background(), e.key, base); held || err != nil {
			return base, held, err
		}
	}
	now, expiry, ok, err := e.store.Load(context.Background(), e.key, base)
	if ok {
		e.clock.learn(expiry, base.Deadline)
	}
	return now, ok, err
}
