package live

import (
	"context"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// update commits what change makes of the session as it is now. It calls change again
// when somebody else was faster. It returns change's error.
func (e *Entry) update(ctx context.Context, by Member, change func(*view) error) error {
	asked := false
	return e.store.Retry(ctx, func() (done bool, err error) {
		base, work, err := e.present()
		if err != nil {
			return false, err
		}
		v, err := e.views.openFresh(e.token(), work)
		if err != nil {
			return false, err
		}
		err = change(v)
		status := e.views.status(v)
		if status == scs.Destroyed {
			return false, e.gone()
		}
		mine, failed := e.changed(v, status, err)
		if mine == nil {
			// What change saw may be old, and so may be what it made of it.
			if asked || failed != nil && err == nil {
				return true, failed
			}
			asked = true
			return false, e.refresh()
		}
		return e.swapFor(base, work, mine, by)
	})
}

// changed returns what the function of an Update has made of v, unless it has
// returned err.
func (e *Entry) changed(v *view, status scs.Status, err error) (*store.Snapshot, error) {
	if err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	made, err := e.views.changes(v, status)
	return made.mine, err
}

// present returns base and work after it has collected what goroutines changed, or
// why the session has ended.
func (e *Entry) present() (base, work *store.Snapshot, err error) {
	e.collect()
	if why := e.Known(); why != nil {
		return nil, nil, why
	}
	base, work = e.draft.state()
	return base, work, nil
}

// swapFor commits mine if neither this process nor another has changed the
// session since it was made from work.
func (e *Entry) swapFor(base, work, mine *store.Snapshot, by Member) (done bool, err error) {
	defer e.collect()
	e.exchange.begin()
	defer e.exchange.end()
	if b, w := e.draft.state(); b != base || w != work {
		return false, nil
	}
	done, err = e.swap(base, work, mine, true)
	if done {
		e.host.Changed(e, work, mine, by)
	}
	return done, err
}
