package plugin

import (
	"context"
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// known returns why the session has ended or is about to, as far as this process
// knows, nil while it lives. The news of an end may still be on their way to the
// entry when the call that made it has returned.
func (e *entry) known() error {
	if why := e.ended.Load(); why != nil {
		return why
	}
	kind := e.sessions.store.Ended(e.id)
	switch kind {
	case "":
		return nil
	case store.Renewed:
		return endedBy(CodeRenewed) // the sockets are told when the new cookie is there
	}
	e.end(refusal(string(kind)))
	return e.ended.Load()
}

// end marks the session as ended and tells its sockets. Only the first call
// counts.
func (e *entry) end(why *Refusal) {
	why.gone = true
	e.mu.Lock()
	if e.ended.Load() != nil {
		e.mu.Unlock()
		return
	}
	e.ended.Store(why)
	e.disarmLocked()
	e.mu.Unlock()
	for _, so := range e.sessions.forget(e) {
		go so.expel(why)
	}
}

// endedBy returns the refusal of a session that has ended.
func endedBy(code string) *Refusal {
	why := refusal(code)
	why.gone = true
	return why
}

// destroy ends the session in the store and for its sockets.
func (e *entry) destroy() error {
	e.exchange.Lock()
	defer e.release()
	if err := e.sessions.store.End(context.Background(), e.key); err != nil {
		return e.failed(StageSave, err)
	}
	e.end(refusal(CodeDestroyed))
	return nil
}

// gone ends a session that the store has no more, and returns why.
func (e *entry) gone() error {
	e.mu.Lock()
	over := !time.Now().Before(e.expiry)
	e.mu.Unlock()
	code := string(e.sessions.store.Ended(e.id))
	switch {
	case code == "" && over:
		code = CodeExpired
		e.sessions.store.Expire(e.id)
	case code == "":
		code = e.rumour()
	}
	e.end(refusal(code))
	return e.ended.Load()
}

// hearsay is how long the news of an end may take when the end itself is there to
// be seen: they come by another way.
const hearsay = 100 * time.Millisecond

// rumour returns why the session has ended when the news have come, or when they
// will not. It would be hard on a client that may come back to be told too soon
// that it may not.
func (e *entry) rumour() string {
	ctx, cancel := context.WithTimeout(context.Background(), hearsay)
	defer cancel()
	if why := e.sessions.store.AwaitEnd(ctx, e.id); why != "" {
		return string(why)
	}
	return CodeDestroyed
}

// broken ends a session that does not decode: it is of no use to anybody, and will
// not mend.
func (e *entry) broken(stage string, err error) error {
	e.tell(func() { e.sessions.report(stage, e.id, err) })
	why := refusal(CodeInternal)
	e.end(why)
	return e.ended.Load()
}
