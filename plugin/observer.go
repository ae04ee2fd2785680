package plugin

import "time"

// An Observer hears what becomes of sessions and sockets, to count it; what HTTP
// does with sessions it does not hear. Package
// [github.com/socketio-sessions/socketio-sessions/plugin/metrics] has one that
// counts for Prometheus. Its methods are called concurrently, some while the
// session waits, and must return soon. A panic is reported as [StageObserver],
// and changes nothing.
type Observer interface {
	// Loaded hears that the store was asked for a session. That there is none
	// is no error.
	Loaded(took time.Duration, err error)

	// Saved hears that changes were saved, or could not be. err is [ErrGone]
	// when the session had ended.
	Saved(took time.Duration, err error)

	// Conflicted hears that somebody else had written the session meanwhile: the
	// changes are merged and saved, or the function of an Update runs again.
	Conflicted()

	// Entered hears that a client was let into a namespace, and Left, once for
	// each of them, that it has left.
	Entered(namespace string)
	Left(namespace string)

	// Refused hears the code of each client that was turned away from a namespace,
	// or sent out after it had entered; not of those that RefuseHandshake answers,
	// or that come while the server closes.
	Refused(code string)
}

// observers calls an Observer, if there is one, and contains its panics. Where
// there is none, no event makes a closure for it.
type observers struct {
	Observer
	report func(stage, id string, err error)
}

func (o observers) tell(f func(Observer)) {
	if err := contain(func() error { f(o.Observer); return nil }); err != nil {
		o.report(StageObserver, "", err)
	}
}

func (o observers) loaded(start time.Time, err error) {
	if o.Observer != nil {
		o.tell(func(to Observer) { to.Loaded(time.Since(start), err) })
	}
}

func (o observers) saved(start time.Time, err error) {
	if o.Observer != nil {
		o.tell(func(to Observer) { to.Saved(time.Since(start), err) })
	}
}

func (o observers) conflicted() {
	if o.Observer != nil {
		o.tell(Observer.Conflicted)
	}
}

func (o observers) entered(n *namespace) {
	if o.Observer != nil {
		o.tell(func(to Observer) { to.Entered(n.name) })
	}
}

func (o observers) left(n *namespace) {
	if o.Observer != nil {
		o.tell(func(to Observer) { to.Left(n.name) })
	}
}

func (o observers) refused(code string) {
	if o.Observer != nil {
		o.tell(func(to Observer) { to.Refused(code) })
	}
}
