package plugin

import (
	"context"
	"strings"
	"time"
)

// An Observer hears what becomes of sessions, sockets and events, to count or
// trace it. It does not hear what HTTP does with sessions. Each func may be nil,
// which costs nothing. Package
// [github.com/socketio-sessions/socketio-sessions/plugin/metrics] has one that
// counts for Prometheus.
//
// The funcs are called concurrently, some while the session waits: they must
// return soon. A panic is reported as [StageObserver], and changes nothing. The
// context is the socket's [Session] where the call is about a socket, and a
// background context elsewhere.
type Observer struct {
	// Loaded hears that the store was asked for a session. That there is none
	// is no error.
	Loaded func(ctx context.Context, took time.Duration, err error)

	// Saved hears that changes were saved, or could not be. err is [ErrGone]
	// when the session had ended.
	Saved func(ctx context.Context, took time.Duration, err error)

	// Conflicted hears that somebody else had written the session meanwhile: the
	// changes are merged and saved, or the function of an Update runs again.
	Conflicted func(ctx context.Context)

	// Handled hears of each event that a client in the namespace has sent, and
	// how long it took from its arrival to its acknowledgement: the wait for
	// earlier events of its session, the load, the handler, and a PerMessage save.
	// err is why it failed, nil if it did not; a [Refusal] that the handler
	// returned is one.
	Handled func(ctx context.Context, namespace, event string, took time.Duration, err error)

	// Entered hears that a client was let into a namespace.
	Entered func(ctx context.Context, namespace string)

	// Left hears, once for each of them, that it has left, and why, as OnDisconnect
	// does: "slow" is a client that did not take what it was sent.
	Left func(ctx context.Context, namespace, reason string)

	// Refused hears the code of each client that was turned away from a namespace,
	// or sent out after it had entered; not of those that RefuseHandshake answers,
	// or that come while the server closes.
	Refused func(ctx context.Context, code string)
}

// observers calls an Observer and contains its panics. No call makes a closure
// for a func that is nil.
type observers struct {
	Observer
	failures *failures
}

func (o observers) tell(f func()) {
	if err := contain(func() error { f(); return nil }); err != nil {
		o.failures.report(StageObserver, "", err)
	}
}

func (o observers) loaded(start time.Time, err error) {
	o.tell(func() { o.Loaded(context.Background(), time.Since(start), err) })
}

func (o observers) saved(start time.Time, err error) {
	o.tell(func() { o.Saved(context.Background(), time.Since(start), err) })
}

func (o observers) conflicted() {
	o.tell(func() { o.Conflicted(context.Background()) })
}

// begin returns when an event began, for handled.
func (o observers) begin() (start time.Time) {
	if o.Handled != nil {
		start = time.Now()
	}
	return start
}

// handled tells of an event by the name that its settings have.
func (o observers) handled(in *Session, namespace, event string, start time.Time, err error) {
	if f := o.Handled; f != nil {
		event = strings.TrimPrefix(event, namespace+" ")
		o.tell(func() { f(in, namespace, event, time.Since(start), err) })
	}
}

func (o observers) entered(in *Session, namespace string) {
	if f := o.Entered; f != nil {
		o.tell(func() { f(in, namespace) })
	}
}

func (o observers) left(in *Session, namespace, reason string) {
	if f := o.Left; f != nil {
		o.tell(func() { f(in, namespace, reason) })
	}
}

func (o observers) refused(in *Session, code string) {
	if f := o.Refused; f != nil {
		o.tell(func() { f(in, code) })
	}
}
