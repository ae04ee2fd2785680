package plugin

import (
	"errors"
	"sync"
	"sync/atomic"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/live"
)

// A hook is what go-socket.io calls for a namespace: when a client asks for it, sends
// an event, or has left.
type hook struct {
	*namespace
	common   *common
	resolver *resolver
	cookies  cookies
	mistakes *mistakes

	entered    atomic.Bool // enter was called
	overridden sync.Once
}

// enter is called when a client asks for the namespace. It loads the session, before
// a later packet of the client can be handled. An error says that none may be.
func (h *hook) enter(c socketio.Conn) error {
	raise(&h.entered)
	so := h.join(c)
	if so == nil {
		return nil
	}
	// If leave came before join was over, nobody calls it again.
	if so.lost != nil {
		so.leave(h.common.gate.reason(so.conn, *so.lost))
	} else if reason := h.common.gate.over(so.conn); reason != "" {
		so.leave(reason)
	}
	why := h.identify(so)
	if why != nil && h.lets(why) {
		why = nil
		if !h.common.registry.admitAnonymous(so, h.common.maxAnonymous) {
			why = refusal(CodeTooMany)
			why.Message = "The server has too many connections without a session."
		}
	}
	if so.first {
		h.common.seen.arrived(so.mine(), h.arrival(so, why))
	}
	so.request = nil // it has served
	if why == nil {
		h.rooms.enter(so)
	}
	if why == nil && h.onConnect == nil && so.why.Load() == nil {
		so.after = nil // as admit does
		so.welcome()
		h.common.registry.running.Done() // for admit
		return nil
	}
	go so.admit(why)
	if why != nil && h.protected {
		return why
	}
	return nil
}

// arrival returns what became of a handshake, for the Observer. why is why its first
// socket has no session, and may not do without.
func (h *hook) arrival(so *socket, why *Refusal) string {
	switch {
	case why == nil:
		return ArrivedIn
	case why.Code == CodeUnknown && h.resolver.ticketOf(so.request) != "":
		return ArrivedBadTicket
	}
	return why.Code
}

// join registers a client that asks for the namespace. It returns nil when there is
// nothing to do. It waits until the client's last stay there is over, so that a client
// that comes and goes holds up only itself.
func (h *hook) join(c socketio.Conn) *socket {
	handed := h.common.gate.hand(c) // now: it may be over when the last stay is
	so := newSocket(h.common, h.namespace, handed)
	for {
		switch what, earlier := h.common.registry.join(so); what {
		case joinDone:
			if h.common.noPrivateRooms {
				c.Leave(c.ID())
			}
			return so
		case joinClosing:
			go h.common.gate.refuse(handed, refusal(CodeGoingAway), nil) // ends within the gate's grace
			return nil
		case joinPresent:
			return nil
		case joinLeaving:
			earlier.gone.Wait()
		}
	}
}

// identify finds the session of a socket's handshake, and lets the socket join it.
func (h *hook) identify(so *socket) *Refusal {
	key, token, why := h.resolver.keyOf(so.request, &so.connection.stub)
	if why != nil {
		return why
	}
	e, err := h.common.book.Join(so, key, token)
	switch {
	case errors.Is(err, live.ErrFull):
		return refusal(CodeTooMany)
	case err != nil:
		so.report(StageConnect, err)
		return refusalOf(err)
	case e == nil:
		return h.resolver.formerly(key)
	}
	session := &Session{claims: h.common.claims, client: &so.client}
	e.Own(&session.use, so)
	so.own(e, session)
	h.common.post.hear().Join(e.ID())
	return nil
}

// leave is called when a client has left the namespace.
func (h *hook) leave(c socketio.Conn, text string) {
	if so := h.common.registry.leaver(c.ID(), h.namespace, text); so != nil {
		so.leave(h.common.gate.reason(so.conn, text))
	}
}

// find returns the socket of a connection in the namespace, nil if it is not there.
func (h *hook) find(id string) *socket { return h.common.registry.find(id, h.namespace) }

// tell tells Options.OnError that an event's acknowledgement has failed. so may be nil.
func (h *hook) tell(so *socket, event string, err error) {
	failed := Failure{Stage: StageEvent, Namespace: h.name, Event: event, Err: err}
	if so != nil {
		failed.ID = so.session.ID()
	}
	h.common.failures.tell(failed)
}

// dispatch handles one event of a client. so is nil if the client has left the namespace. A
// nil Refusal says that the handler has succeeded.
func (h *hook) dispatch(so *socket, set settings, handle func(*Session) error) *Refusal {
	if so == nil {
		if !h.entered.Load() {
			h.overridden.Do(func() { h.mistakes.noticeOverridden(h.name, "OnConnect") })
		}
		return refusal(CodeDisconnected)
	}
	h.common.registry.awaitAnswers(so)
	if why := so.why.Load(); why != nil {
		return why
	}
	if so.entry != nil {
		so.entry.NoteUse()
		h.cookies.keep(so)
	}
	start := h.common.seen.begin()
	err := so.run(set, handle)
	h.common.seen.handled(so.session, h.name, set.event, start, err)
	if err == nil {
		return nil
	}
	so.reportEvent(set.event, err)
	why := refusalOf(err)
	if err := why.encodeData(); err != nil {
		so.reportEvent(set.event, err)
	}
	return why
}
