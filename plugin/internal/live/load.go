package live

import (
	"context"
	"time"
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
	now, expiry, ok, err := e.store.Load(context.Background(), e.key, base)
	if count := e.config.Loaded; count != nil {
		answer := err
		e.exchange.callAfter(func() { count(asked, answer) })
	}
	if ok {
		e.clock.learn(expiry, base.Deadline)
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
