package live

import (
	"context"
	"sync"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/latch"
)

// Terms are what a handler may do with its session, and when its changes are saved.
type Terms struct {
	PerMessage bool // the session is as the store has it before the handler, and saved after it
	ReadOnly   bool
}

// A Use is a session as one handler has it, or as a member has it between handlers.
// SCS takes it for a context. Do not copy it. Its methods are safe for concurrent
// use.
type Use struct {
	*env
	entry  *Entry // nil when anonymous
	member Member

	// owner is the member's own use. This one does the same once its handler has
	// returned. It is nil in the own use and for PerMessage handlers.
	owner *Use

	cancelled latch.Latch // the session has ended, or the member must go

	below       sync.Once
	transaction context.Context // of SCS's calls; begins with the first

	mu       sync.Mutex
	view     *view // what the handler sees; nil while none runs
	left     *view // what it saw: a call of SCS's may still use it
	terms    Terms
	readOnly bool // the handler that runs may not write
	inside   bool // of an Update, which reads and commits by itself
	over     bool
}

// ID returns the session's public name, "" for an anonymous one.
func (u *Use) ID() string {
	if u.entry == nil {
		return ""
	}
	return u.entry.id
}

// Entry returns the session, nil for an anonymous one.
func (u *Use) Entry() *Entry { return u.entry }

// Save commits what the handler has changed so far, behind what waits to be saved.
func (u *Use) Save() error {
	v, err := u.writable()
	if err != nil {
		return err
	}
	if v == nil {
		return u.entry.flush()
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	made, err := u.views.changes(v, u.views.status(v))
	switch {
	case err != nil:
		return err
	case made.mine == nil:
		return u.entry.flush()
	}
	if err := u.entry.commit(v.from.Load(), made.mine, u.member); err != nil {
		return err
	}
	return u.views.show(v, made.seen, u.entry.Snapshot())
}

// Reload shows what others have changed in the store since the session was loaded.
func (u *Use) Reload() error {
	v, err := u.usable()
	if err != nil || u.inside {
		return err
	}
	if err := u.entry.refresh(); err != nil || v == nil {
		return err
	}
	return u.catchUp(v)
}

// Update is an atomic read-modify-write. It calls change until it can commit the
// result. change makes a Use and has enter put the session into it, as that is then.
func (u *Use) Update(ctx context.Context, change func(enter func(*Use)) error) error {
	if u.inside {
		return ErrNested
	}
	v, err := u.writable()
	if err != nil {
		return err
	}
	err = u.entry.update(ctx, u.member, func(current *view) error {
		var entered *Use
		defer func() { entered.leave(); entered.Finish() }()
		return change(func(inner *Use) {
			inner.env, inner.entry, inner.view = u.env, u.entry, current
			inner.readOnly, inner.inside = true, true
			entered = inner
		})
	})
	if err != nil || v == nil {
		return err
	}
	return u.catchUp(v)
}

// Destroy ends the session in the store and for all its members.
func (u *Use) Destroy() error {
	if _, err := u.writable(); err != nil {
		return err
	}
	return u.entry.destroy()
}

// Writable returns why the session cannot be changed, nil if it can.
func (u *Use) Writable() error {
	_, err := u.writable()
	return err
}

// Cancel closes Done: the session has ended, or the member must go.
func (u *Use) Cancel() { u.cancelled.Close() }

// Finish ends the use. SCS's later calls change only a copy.
func (u *Use) Finish() {
	u.Cancel()
	u.mu.Lock()
	defer u.mu.Unlock()
	u.over = true
}

// leave ends the use of the view by a handler that has returned, and returns the
// view. It does so under SCS's lock of the view: a goroutine's commit that is under
// way goes on with the view that it began with.
func (u *Use) leave() *view {
	u.mu.Lock()
	v := u.view
	u.mu.Unlock()
	u.views.edit(v, leaving{u})
	return v
}

// leaving is the editor that leave is: it notes that the handler has returned, and
// changes no value.
type leaving struct{ *Use }

func (l leaving) edit(map[string]any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.view, l.left, l.readOnly = nil, l.view, false
}

// usable returns the view of the running handler, nil between handlers.
func (u *Use) usable() (*view, error) {
	if u.entry == nil {
		return nil, ErrAnonymous
	}
	if u.isOver() {
		return nil, ErrOver
	}
	if why := u.entry.Ended(); why != nil {
		return nil, why
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.view, nil
}

func (u *Use) writable() (*view, error) {
	v, err := u.usable()
	if err != nil {
		return nil, err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.readOnly {
		return nil, ErrReadOnly
	}
	return v, nil
}

func (u *Use) isOver() bool {
	if u.owner != nil {
		return u.owner.isOver()
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.over
}

// catchUp shows a handler the session as it is now, with its own changes on top.
func (u *Use) catchUp(v *view) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if u.views.status(v) == scs.Destroyed {
		return nil
	}
	return u.views.catchUp(v, u.entry.Snapshot())
}
