package plugin

import (
	"context"
	"encoding/json"
	"fmt"

	socketio "github.com/googollee/go-socket.io"
)

// Emit sends an event to every socket that the session of an id has in a
// namespace: on this node, and on every other where the backend is a
// [store.Speaker]. It is no error if there are none. args are encoded as JSON, and may
// not hold a parser.Buffer. A socket gets the events of one caller in order.
//
// Emit returns when the event is on its way. The error is the store's, or that of an
// argument that does not encode. A client for which 256 events wait misses further
// ones, and Options.OnError hears of it. Emit is safe for concurrent use.
func (s *Sessions) Emit(ctx context.Context, id, namespace, event string, args ...any) error {
	m := message{Namespace: namespace, Event: event, Args: make([]json.RawMessage, len(args))}
	if namespace == "" {
		m.Namespace = "/"
	}
	for i, arg := range args {
		err := contain(func() (err error) {
			m.Args[i], err = json.Marshal(arg)
			return err
		})
		if err != nil {
			return fmt.Errorf("sessions: emit %q: argument %d: %w", event, i, err)
		}
	}
	return s.say(ctx, id, m)
}

// Disconnect sends away every socket of the session of an id, on every node as Emit
// does, and tells it why; nil means [CodeDisconnected]. The session lives on. The error
// is the store's, or that of Data that does not encode.
func (s *Sessions) Disconnect(ctx context.Context, id string, why *Refusal) error {
	if why == nil {
		why = refusal(CodeDisconnected)
	}
	told := *why
	if err := told.encodeData(); err != nil {
		return err
	}
	return s.say(ctx, id, message{Refusal: &told})
}

// Sockets returns the connections that the session of an id has in this process, one
// for each namespace; nil if there are none.
func (s *Sessions) Sockets(id string) []socketio.Conn {
	e := s.common.book.Entry(id)
	if e == nil {
		return nil
	}
	sockets := socketsOf(e)
	conns := make([]socketio.Conn, 0, len(sockets))
	for _, so := range sockets {
		if so.isIn() {
			conns = append(conns, so.conn)
		}
	}
	return conns
}

// say sends a message to every node that has sockets of a session.
func (s *Sessions) say(ctx context.Context, id string, m message) error {
	b, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("sessions: emit: %w", err)
	}
	return s.attached.Core().Say(ctx, id, b)
}
