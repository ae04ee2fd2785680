package live

import (
	"github.com/alexedwards/scs/v2"
)

// Prepare makes the session as fresh as the scope promises. In either scope,
// an end that this process knows of counts before its notification has come: a client
// may send an event as soon as it has the answer to its logout. Errors: an [End], or,
// PerMessage, a [StoreError].
func (e *Entry) Prepare(perMessage bool) error {
	if why := e.Known(); why != nil {
		return why
	}
	if perMessage {
		if err := e.flush(); err != nil {
			return err
		}
		if limit := e.config.MaxStale; limit > 0 && e.store.Hears() && e.isFresh(limit) {
			return nil
		}
		return e.refresh()
	}
	limit := e.config.FlushInterval / 2
	if e.store.Hears() {
		limit = e.config.ProbeInterval // a notification can be lost
	}
	if e.isFresh(limit) {
		e.collect()
		return nil
	}
	err := e.refresh()
	if IsStoreError(err) {
		// The copy in memory serves until the store is back.
		e.host.Failed(stageLoad, e.id, err)
		return nil
	}
	return err
}

// Catch makes what calls between handlers see as fresh as this process knows. It asks
// the store if something was heard of the session since it was last asked. It leaves
// errors to the next handler.
func (e *Entry) Catch() {
	if e.fresh.hasNews() {
		_ = e.refresh()
		return
	}
	e.collect() // another goroutine may have asked, and not shown the answer yet
}

// Own makes u the use of a member between its handlers.
func (e *Entry) Own(u *Use, m Member) { u.env, u.entry, u.member = e.env, e, m }

// Anonymous makes u the use of a member without a session: it is empty.
func (b *Book) Anonymous(u *Use) { u.env = b.env }

// Enter makes u the use of a handler that begins. After the handler, u does what the
// member's own use does, unless the handler is PerMessage.
func (e *Entry) Enter(u *Use, own *Use, terms Terms) {
	u.env, u.entry, u.member = e.env, e, own.member
	u.view, u.terms, u.readOnly = e.open(), terms, terms.ReadOnly
	if !terms.PerMessage {
		u.owner = own
	}
}

// EnterAnonymous is [Entry.Enter] for a member without a session.
func (b *Book) EnterAnonymous(u *Use, own *Use) {
	u.env, u.member, u.owner = b.env, own.member, own
	u.view, u.readOnly = b.views.open("", nil), true
}

// Leave ends the handler that u was entered for. It drops the changes of a handler
// that has failed, and returns its error; it accepts those of another, or returns why
// it could not.
func (u *Use) Leave(err error) error {
	v := u.leave()
	if u.entry == nil {
		if err == nil && u.views.status(v) != scs.Unmodified {
			return ErrAnonymous
		}
		return err
	}
	err = u.entry.accept(v, u.terms, u.member, err)
	u.entry.collect()
	return err
}

// accept saves or adopts what a handler has changed in its view, unless the handler
// has failed with err.
func (e *Entry) accept(v *view, terms Terms, by Member, err error) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	status := e.views.status(v)
	if status == scs.Destroyed {
		_ = e.gone()
		return err
	}
	if err != nil {
		return err
	}
	made, err := e.views.changes(v, status)
	switch {
	case err != nil:
		return err
	case made.mine == nil:
		if !v.reused {
			e.draft.reuse(v)
		}
		return nil
	case terms.ReadOnly:
		return ErrReadOnly
	case terms.PerMessage:
		err = e.commit(v.from.Load(), made.mine, by)
	default:
		err = e.adopt(v.from.Load(), made.mine, by)
	}
	if err == nil && made.asPut {
		v.reused = true
		v.from.Store(made.mine)
		e.draft.reuse(v)
	}
	return err
}
