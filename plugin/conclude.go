package plugin

import (
	"fmt"
	"runtime/debug"
	"time"

	"github.com/alexedwards/scs/v2"
)

// backstop is how old the view of a PerConnection event may be when the store
// tells of every change: notifications can be lost.
const backstop = 10 * time.Second

// prepare makes the work as fresh as the scope promises. What this process knows
// of the session counts in either scope, also when the news are still on their
// way: a client may send an event as soon as it has the answer to its logout.
func (e *entry) prepare(scope Scope) error {
	if why := e.known(); why != nil {
		return why
	}
	if scope == PerMessage {
		if err := e.flush(); err != nil {
			return err
		}
		if limit := e.sessions.options.MaxStale; limit > 0 && e.sessions.store.Hears() && e.fresh(limit) {
			return nil
		}
		return e.refresh()
	}
	limit := e.sessions.options.FlushInterval / 2
	if e.sessions.store.Hears() {
		limit = backstop
	}
	if e.fresh(limit) {
		e.collect()
		return nil
	}
	err := e.refresh()
	if isStoreError(err) {
		// The copy in memory serves until the store is back.
		e.sessions.report(StageLoad, e.id, err)
		return nil
	}
	return err
}

// fresh tells whether the store was asked within limit, and nothing was heard
// since.
func (e *entry) fresh(limit time.Duration) bool {
	if e.behind() {
		return false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	return now.Sub(e.asked) < limit && now.Before(e.expiry)
}

// behind tells whether the store must be asked.
func (e *entry) behind() bool {
	e.mu.Lock()
	stale := e.stale
	e.mu.Unlock()
	return stale || e.hasNews()
}

// hasNews tells whether something was heard of the session since the store was asked.
func (e *entry) hasNews() bool {
	heard := e.watch.Load().Heard(e.id)
	e.mu.Lock()
	defer e.mu.Unlock()
	return heard != e.heard
}

// conclude keeps what a handler changed, or drops it when the handler failed.
func (e *entry) conclude(v *view, set settings, by *socket, err error) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	status := e.sessions.manager.Status(v)
	if status == scs.Destroyed {
		_ = e.gone()
		return err
	}
	if err != nil {
		return err
	}
	made, err := e.changes(v, status)
	switch {
	case err != nil:
		return err
	case made.mine == nil:
		if !v.reused {
			e.keep(v)
		}
		return nil
	case set.access == ReadOnly:
		return ErrReadOnly
	case set.scope == PerMessage:
		err = e.commit(v.from.Load(), made.mine, by)
	default:
		err = e.adopt(v.from.Load(), made.mine, by)
	}
	if err == nil && made.asPut {
		v.reused = true
		v.from.Store(made.mine)
		e.keep(v)
	}
	return err
}

// A Panic is the error that Options.OnError hears of when a handler panicked.
// Find it with errors.As to log the stack.
type Panic struct {
	Value any    // what the handler panicked with
	Stack []byte // as debug.Stack returns it
}

// Error implements error. It leaves out the stack.
func (p *Panic) Error() string { return fmt.Sprintf("panic: %v", p.Value) }

// contain turns a panic in f into an error.
func contain(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &Panic{Value: p, Stack: debug.Stack()}
		}
	}()
	return f()
}
