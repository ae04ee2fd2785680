package live

import (
	"context"
	"errors"
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// An End is why a session has ended. It is an error, and a [store.ErrGone].
type End struct {
	Kind store.Kind // Destroyed, Renewed, Expired, Superseded, or [Broken]
}

// Broken is the end of a session that does not decode.
const Broken store.Kind = "broken"

// Error implements error.
func (e *End) Error() string { return "sessions: the session is over: " + string(e.Kind) }

// Is reports that an End is a [store.ErrGone].
func (e *End) Is(target error) bool { return target == store.ErrGone }

// IgnoreEnd drops the error of a session that has ended: its members know.
func IgnoreEnd(err error) error {
	if errors.Is(err, store.ErrGone) {
		return nil
	}
	return err
}

// Known returns why the session has ended or is about to, as far as this process
// knows; nil while it lives. The news of an end may still be on its way to the
// entry when the call that made it has returned.
func (e *Entry) Known() *End {
	if why := e.Ended(); why != nil {
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
	return e.Ended()
}

// end marks the session as ended and tells the host. Only the first call counts.
func (e *Entry) end(kind store.Kind) {
	why := &End{kind}
	if !e.draft.end(why) {
		return
	}
	e.clock.stop()
	e.register.remove(e)
	e.host.Ended(e, why)
}

// gone ends a session that the store has no more, and returns why.
func (e *Entry) gone() error {
	over := e.clock.isOver()
	kind := e.store.Ended(e.id)
	switch {
	case kind == "" && over:
		kind = store.Expired
		e.store.Expire(e.id)
	case kind == "":
		kind = e.awaitReason()
	}
	e.end(kind)
	return e.Ended()
}

// newsWait is how long the notification of an end may take when the store already
// shows that the session is gone: it comes by another way.
const newsWait = 100 * time.Millisecond

// awaitReason returns why the session has ended once the notification has come, or
// Destroyed when none comes. A client that may come back must not be told too soon
// that it may not.
func (e *Entry) awaitReason() store.Kind {
	ctx, cancel := context.WithTimeout(context.Background(), newsWait)
	defer cancel()
	if kind := e.store.AwaitEnd(ctx, e.id); kind != "" {
		return kind
	}
	return store.Destroyed
}

// failed returns the error of an exchange that has failed, which may end the session
// and need not be the store's fault. The exchange is under way.
func (e *Entry) failed(stage string, err error) error {
	switch {
	case errors.Is(err, store.ErrGone):
		return e.gone()
	case isRefused(err):
		return err
	case errors.Is(err, store.ErrMalformed):
		// It is of no use to anybody, and will not mend.
		e.exchange.callAfter(func() { e.host.Failed(stage, e.id, err) })
		e.end(Broken)
		return e.Ended()
	}
	e.outage.begin()
	e.exchange.fail(err)
	return &StoreError{stage, err}
}
