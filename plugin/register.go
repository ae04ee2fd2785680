package plugin

import (
	"fmt"
	"strings"

	socketio "github.com/googollee/go-socket.io"
)

// OnConnect registers the handler of clients that enter a namespace with a session. It
// runs once for each client, before any of the client's events, and may Emit. If it
// returns an error, the client is turned away: with a [Refusal] the client hears why,
// with any other error it hears [CodeInternal]. Call OnConnect, like all methods that
// register, before the server serves.
func (s *Sessions) OnConnect(namespace string, f func(socketio.Conn, *Session) error) {
	s.namespace(namespace).onConnect = f
}

// OnDisconnect registers the handler of clients that had entered a namespace and have
// left it. It runs once for each, after the client's last event handler. The reason is
// Socket.IO's ("client namespace disconnect", "transport close"), or the code of the
// [Refusal] that sent the client away. Its changes of the session are saved, unless the
// session has ended.
func (s *Sessions) OnDisconnect(namespace string, f func(c socketio.Conn, s *Session, reason string)) {
	s.namespace(namespace).onDisconnect = f
}

// OnInvalid registers the handler of clients that are refused, or sent away later,
// mostly because they have no session, or no longer one. It runs once for each client,
// and may change the [Refusal] before the client gets it. It may run beside an event
// handler of the client. No other handler of the namespace runs for a client that was
// refused.
func (s *Sessions) OnInvalid(namespace string, f func(socketio.Conn, *Refusal)) {
	s.namespace(namespace).onInvalid = f
}

// OnChange registers the handler of clients whose session somebody else has changed: a
// request, another socket of the session, another process, or any goroutine between
// events. keys are the keys that were put or removed, in order, as far as is known.
// Changes that come fast are told together. Changes that come while the session is busy
// or the store fails are told later. The handler runs like an event, with the session as
// it is then, and its own changes are saved.
func (s *Sessions) OnChange(namespace string, f func(c socketio.Conn, s *Session, keys []string)) {
	s.namespace(namespace).onChange = f
	s.common.tellsChanges = true
}

// OnEvent registers the handler of an event:
//
//	func(c socketio.Conn, s *plugin.Session, arguments...) results...
//
// Arguments and results are as in go-socket.io: whatever JSON can hold, or
// parser.Buffer for binaries. An event whose arguments do not fit fails with
// [CodeBadArguments]; see [Strictness] for those with too few or too many. The results are
// the acknowledgement. If the last result is of type error, it is not sent, or as null
// where it is the only one: an error fails the event, and so does a panic. A failed event
// changes nothing and is acknowledged with
//
//	{"error": {"code": "…", "message": "…"}}
//
// which shows a [Refusal] and hides any other error. Settings override those of the
// namespace. OnEvent panics if f is of another type, takes what no client can send, like a
// func, or if the event has a handler already.
//
// go-socket.io v1.7.0's own transports have two limits: a handler without results is
// never acknowledged, and one with results also answers an event that asked for no
// acknowledgement, which clients ignore.
func (s *Sessions) OnEvent(namespace, event string, f any, settings ...Setting) {
	n := s.namespace(namespace)
	h := newHandler(event, f)
	if n.events[event] {
		panic(fmt.Sprintf("sessions: event %q of namespace %q has a handler already", event, n.name))
	}
	n.events[event] = true
	s.common.gate.handle(n, event, h, func(so *socket, called *invocation) *Refusal {
		set := n.settings.with(settings)
		set.event, set.isEvent = event, true
		called.strict = set.strict
		return n.dispatch(so, set, called.call)
	})
}

// Configure sets the scope of a namespace's handlers and the access of its events.
// OnConnect, OnDisconnect and OnChange may always write. Call it before the server
// serves. Default: Options.Scope and Options.Access.
func (s *Sessions) Configure(namespace string, settings ...Setting) {
	n := s.namespace(namespace)
	n.settings = n.settings.with(settings)
}

// AllowAnonymous lets clients without a session into a namespace. Their handlers get an
// empty [Session] without an ID. They are still refused while the store fails.
func (s *Sessions) AllowAnonymous(namespace string) { s.namespace(namespace).anonymous = true }

// Protect refuses clients without a session in a namespace whose event handlers are
// registered on the server itself. They get the session from [Sessions.Session].
// Register OnConnect and OnDisconnect on the Sessions, since go-socket.io keeps one of
// each. On go-socket.io's own transports a refused client is cut off without a word:
// its next packets would reach those handlers.
func (s *Sessions) Protect(namespace string) {
	n := s.namespace(namespace)
	n.protected, n.rooms.used = true, true // its handlers join rooms unseen
}

// namespace returns the hook of a namespace. The first call makes it, and watches the
// namespace from then on. It panics if no client can ask for one of that name.
func (s *Sessions) namespace(name string) *hook {
	name = orRoot(name)
	h, ok := s.namespaces[name]
	if !ok {
		if !strings.HasPrefix(name, "/") {
			panic(fmt.Sprintf("sessions: namespace %q does not begin with a slash", name))
		}
		n := &namespace{name: name, events: make(map[string]bool), rooms: newRooms(name, s.post), settings: settings{scope: s.options.Scope, access: s.options.Access, strict: s.options.Strict}}
		h = &hook{namespace: n, common: s.common, resolver: s.door.resolver, cookies: cookies{s.manager}, mistakes: s.door.mistakes}
		s.namespaces[name] = h
		s.door.mistakes.noticeRegistered(name)
		s.common.gate.watch(name, h.enter, h.leave)
	}
	return h
}
