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

// prepare makes the work as fresh as the scope promises.
func (e *entry) prepare(scope Scope) error {
	if why := e.refusal(); why != nil {
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
		return nil
	}
	err := e.refresh()
	if isStoreError(err) && e.sessions.options.StoreDown == Keep {
		// The copy in memory serves until the store is back.
		e.sessions.report(StageLoad, e.id, err)
		return nil
	}
	return err
}

// fresh tells whether the store was asked within limit, and nothing was heard
// since.
func (e *entry) fresh(limit time.Duration) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	return !e.stale && now.Sub(e.asked) < limit && now.Before(e.expiry)
}

// conclude keeps what a handler changed, or drops it when the handler failed.
func (e *entry) conclude(v *view, set settings, by *socket, err error) error {
	status := e.sessions.manager.Status(v)
	if status == scs.Destroyed {
		if failed := e.destroyed(); isStoreError(failed) {
			return failed
		}
		return err
	}
	if err != nil {
		return err
	}
	mine, err := e.changes(v, status)
	switch {
	case err != nil:
		return err
	case mine == nil:
		e.giveBack(v)
		return nil
	case set.access == ReadOnly:
		return ErrReadOnly
	case set.scope == PerMessage:
		err = e.commit(v.from, mine, by)
	default:
		err = e.adopt(v.from, mine, by)
	}
	if err == nil {
		e.reuse(v, mine)
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
