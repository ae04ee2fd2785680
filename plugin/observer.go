package plugin

import (
	"context"
	"net/http"
	"time"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/wire"
)

// An Observer hears what becomes of sessions, sockets and events, to count or
// trace it. It does not hear what HTTP does with sessions, but for claims. Each func may
// be nil, which costs nothing. [Sessions.Stats] tells what is at a moment. Package
// [github.com/socketio-sessions/socketio-sessions/plugin/metrics] has one that
// counts for Prometheus.
//
// The funcs are called concurrently, some while the session waits: they must
// return soon. A panic is reported as [StageObserver], and changes nothing. The
// context is the socket's [Session] where the call is about a socket, the request's where
// it is about a request, and a background context elsewhere.
type Observer struct {
	// Loaded hears that the store was asked for a session. That there is none
	// is no error.
	Loaded func(ctx context.Context, took time.Duration, err error)

	// Saved hears that changes were saved, or could not be. err is [ErrGone]
	// when the session had ended.
	Saved func(ctx context.Context, took time.Duration, err error)

	// Sized hears how large a session is, in bytes as the store has it, each time that
	// changes of sockets were saved.
	Sized func(ctx context.Context, bytes int)

	// Conflicted hears that somebody else had written the session meanwhile: the
	// changes are merged and saved, or the function of an Update runs again.
	Conflicted func(ctx context.Context)

	// Handled hears of each event that a client in the namespace has sent, and
	// how long it took from its arrival to its acknowledgement: the wait for
	// earlier events of its session, the load, the handler, and a PerMessage save.
	// err is why it failed, nil if it did not; a [Refusal] that the handler
	// returned is one.
	Handled func(ctx context.Context, namespace, event string, took time.Duration, err error)

	// Waited hears how long an event that may write, or an OnConnect, has waited for
	// earlier events of its session, also if it then gave up: such an event is
	// acknowledged with [CodeBusy].
	Waited func(ctx context.Context, namespace string, took time.Duration)

	// Arrived hears what became of each handshake: one of the Arrived constants, or the
	// code of the Refusal. A handshake that HTTP lets in is told of when the session for
	// its first namespace was looked for: what OnConnect says of it Refused hears.
	Arrived func(ctx context.Context, outcome string)

	// Entered hears that a client was let into a namespace.
	Entered func(ctx context.Context, namespace string)

	// Left hears, once for each of them, that it has left, and why, as OnDisconnect
	// does: "slow" is a client that did not take what it was sent.
	Left func(ctx context.Context, namespace, reason string)

	// Refused hears the code of each client that was turned away from a namespace,
	// or sent out after it had entered; not of those that RefuseHandshake answers,
	// or that come while the server closes.
	Refused func(ctx context.Context, code string)

	// Dropped hears that the connection of a client was ended, on our own transports,
	// since too much waited to be sent: one of the Dropped constants.
	Dropped func(ctx context.Context, why string)

	// Ended hears that a session has ended of which there were sockets in this process:
	// with [CodeDestroyed], [CodeRenewed], [CodeExpired] or [CodeSuperseded], or with [CodeInternal] if it
	// does not decode.
	Ended func(ctx context.Context, code string)

	// Claimed hears what becomes of the logins that [Session.Renew] leaves: one of the
	// Claim constants. Nobody hears of a claim that nobody redeems.
	Claimed func(ctx context.Context, outcome string)
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

func (o observers) saved(start time.Time, bytes int, err error) {
	if f := o.Saved; f != nil {
		o.tell(func() { f(context.Background(), time.Since(start), err) })
	}
	if f := o.Sized; f != nil && err == nil {
		o.tell(func() { f(context.Background(), bytes) })
	}
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

// beginWait returns when the wait for a turn began, for waited.
func (o observers) beginWait() (start time.Time) {
	if o.Waited != nil {
		start = time.Now()
	}
	return start
}

func (o observers) waited(in *Session, namespace string, start time.Time) {
	if f := o.Waited; f != nil {
		o.tell(func() { f(in, namespace, time.Since(start)) })
	}
}

func (o observers) arrived(in context.Context, outcome string) {
	if f := o.Arrived; f != nil {
		o.tell(func() { f(in, outcome) })
	}
}

// handled tells of an event by the name that its settings have.
func (o observers) handled(in *Session, namespace, event string, start time.Time, err error) {
	if f := o.Handled; f != nil {
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

func (o observers) dropped(why string) {
	if f := o.Dropped; f != nil {
		o.tell(func() { f(context.Background(), why) })
	}
}

// ended tells of an end in a goroutine of its own: whoever notices it may hold locks of
// the session. It ends with the func.
func (o observers) ended(code string) {
	if f := o.Ended; f != nil {
		go o.tell(func() { f(context.Background(), code) })
	}
}

func (o observers) claimed(in context.Context, outcome string) {
	if f := o.Claimed; f != nil {
		o.tell(func() { f(in, outcome) })
	}
}

// ofWire returns what tells of what the wire does.
func (o *observers) ofWire() wire.Observer {
	return wire.Observer{
		Refused: func(r *http.Request, why string) { o.arrived(r.Context(), why) },
		Dropped: o.dropped,
	}
}
