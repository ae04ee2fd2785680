package live

import (
	"context"
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// An End is why a session has ended. It is an error, and a [store.ErrGone].
type End struct {
	Kind store.Kind // Destroyed, Renewed, Expired, or [Broken]
}

// Broken is the end of a session that does not decode.
const Broken store.Kind = "broken"

// Error implements error.
func (e *End) Error() string { return "sessions: the session is over: " + string(e.Kind) }

// Is reports that an End is a [store.ErrGone].
func (e *End) Is(target error) bool { return target == store.ErrGone }

// Ended returns why the session has ended, nil while it lives.
func (e *Entry) Ended() *End { return e.ended.Load() }

// Known returns why the session has ended or is about to, as far as this process
// knows; nil while it lives. The news of an end may still be on its way to the
// entry when the call that made it has returned.
func (e *Entry) Known() *End {
	if why := e.ended.Load(); why != nil {
		return why
	}
	kind := e.store.Ended(e.id)
	switch kind {
	case "":
		return nil
	case store.Renewed:
		return &End{kind} // the members are told when the new cookie is there
	}
	e.end(kind)
	return e.ended.Load()
}

// end marks the session as ended and tells the host. Only the first call counts.
func (e *Entry) end(kind store.Kind) {
	e.mu.Lock()
	if e.ended.Load() != nil {
		e.mu.Unlock()
		return
	}
	why := &End{kind}
	e.ended.Store(why)
	e.disarmLocked()
	e.mu.Unlock()
	e.book.forget(e)
	e.host.Ended(e, why)
}

// destroy ends the session in the store and for its members.
func (e *Entry) destroy() error {
	e.exchange.Lock()
	defer e.release()
	if err := e.store.End(context.Background(), e.key); err != nil {
		return e.failed(stageSave, err)
	}
	e.end(store.Destroyed)
	return nil
}

// gone ends a session that the store has no more, and returns why.
func (e *Entry) gone() error {
	e.mu.Lock()
	over := !time.Now().Before(e.expiry)
	e.mu.Unlock()
	kind := e.store.Ended(e.id)
	switch {
	case kind == "" && over:
		kind = store.Expired
		e.store.Expire(e.id)
	case kind == "":
		kind = e.rumour()
	}
	e.end(kind)
	return e.ended.Load()
}

// rumourWait is how long the notification of an end may take when the store
// already shows that the session is gone: it comes by another way.
const rumourWait = 100 * time.Millisecond

// rumour returns why the session has ended once the notification has come, or
// Destroyed when none comes. A client that may come back must not be told too soon
// that it may not.
func (e *Entry) rumour() store.Kind {
	ctx, cancel := context.WithTimeout(context.Background(), rumourWait)
	defer cancel()
	if kind := e.store.AwaitEnd(ctx, e.id); kind != "" {
		return kind
	}
	return store.Destroyed
}

// broken ends a session that does not decode: it is of no use to anybody, and will
// not mend.
func (e *Entry) broken(stage string, err error) error {
	e.tell(func() { e.host.Failed(stage, e.id, err) })
	e.end(Broken)
	return e.ended.Load()
}
