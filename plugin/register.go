package plugin

import socketio "github.com/googollee/go-socket.io"

// OnConnect registers the handler of clients that enter a namespace with a
// session. An error turns the client away; a [Refusal] tells it why, any other
// error says internal. The handler may Emit, and runs once for each client,
// before any of its events. Like all registration: before the server serves.
func (s *Sessions) OnConnect(namespace string, f func(socketio.Conn, *Session) error) {
	s.namespace(namespace).onConnect = f
}

// OnDisconnect registers the handler of clients that have left a namespace
// which they had entered. It runs once, after the last event handler of the
// client. The reason is Socket.IO's ("client namespace disconnect", "transport
// close"), or the code of the [Refusal] that ended the session. What it changes
// in the session is saved, unless the session has ended.
func (s *Sessions) OnDisconnect(namespace string, f func(c socketio.Conn, s *Session, reason string)) {
	s.namespace(namespace).onDisconnect = f
}

// OnInvalid registers the handler of clients that have no session, or no
// longer one. It hears of each once, and may change the [Refusal] before the
// client gets it. It does not wait for an event of the client that is still
// handled. No other handler of the namespace runs for a client that was
// turned away.
func (s *Sessions) OnInvalid(namespace string, f func(socketio.Conn, *Refusal)) {
	s.namespace(namespace).onInvalid = f
}

// OnChange registers the handler of clients whose session was changed by
// somebody else: by a request, another socket of the session, another process,
// or a goroutine between events, whosever it is. keys are the keys that were put
// or removed, in order, as far as is known; changes that come fast are told
// together, and those that come while the session is busy or the store fails are
// told later. It runs like an event, with the session as it is then, and what it
// changes is saved.
func (s *Sessions) OnChange(namespace string, f func(c socketio.Conn, s *Session, keys []string)) {
	s.namespace(namespace).onChange = f
	s.common.tellsChanges = true
}

// OnEvent registers the handler of an event:
//
//	func(c socketio.Conn, s *plugin.Session, arguments...) results...
//
// Arguments and results are as in go-socket.io: whatever JSON can hold, or
// parser.Buffer for binaries; the results are the acknowledgement. A last
// result of type error is not sent: it fails the event, as does a panic. A
// failed event changes nothing and is acknowledged with
//
//	{"error": {"code": "…", "message": "…"}}
//
// which tells a [Refusal] and hides any other error. OnEvent panics when f has
// another form. Settings override those of the namespace.
//
// Two limits of go-socket.io v1.7.0's own transports: a handler without
// results is never acknowledged, and one with results also answers an event
// that asked for no acknowledgement, which clients ignore.
func (s *Sessions) OnEvent(namespace, event string, f any, settings ...Setting) {
	n := s.namespace(namespace)
	h, name := newHandler(event, f), n.name+" "+event
	run := func(c socketio.Conn, handle func(*Session) error) *Refusal {
		set := n.settings.with(settings)
		set.event = name
		return n.dispatch(c, set, handle)
	}
	var answer func(socketio.Conn, []any)
	if s.common.gate.answers() {
		answer = n.answer
		s.common.gate.own(n.name, event)
	}
	s.server.OnEvent(n.name, event, h.adapt(run, answer))
}

// Configure sets the scope of a namespace's handlers and the access of its
// events: OnConnect, OnDisconnect and OnChange may always write. Call it before
// the server serves.
func (s *Sessions) Configure(namespace string, settings ...Setting) {
	n := s.namespace(namespace)
	n.settings = n.settings.with(settings)
}

// AllowAnonymous lets clients without a session into a namespace. Their
// handlers get an empty [Session] without an ID. A store that fails still
// refuses them.
func (s *Sessions) AllowAnonymous(namespace string) { s.namespace(namespace).anonymous = true }

// Protect refuses clients without a session in a namespace whose event
// handlers are registered on the server itself; [Sessions.Session] gives them
// the session. Register its OnConnect and OnDisconnect on the Sessions:
// go-socket.io keeps one of each. On go-socket.io's own transports a refused
// client is cut off without a word, or its next packets would reach those
// handlers.
func (s *Sessions) Protect(namespace string) { s.namespace(namespace).protected = true }

// namespace returns the namespace of this name, and watches it from the first
// call on.
func (s *Sessions) namespace(name string) *hook {
	if name == "" {
		name = "/"
	}
	h, ok := s.namespaces[name]
	if !ok {
		n := &namespace{name: name, settings: settings{scope: s.options.Scope, access: s.options.Access}}
		h = &hook{namespace: n, common: s.common, resolver: s.door.resolver, cookies: cookies{s.manager}}
		s.namespaces[name] = h
		s.common.gate.watch(name, h.enter, h.leave)
	}
	return h
}
