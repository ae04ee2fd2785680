package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/wire"
)

// Emit sends an event to every socket of a target in a namespace, on this node and, where
// the backend is a [store.Speaker], on every other. It is no error if there are none. The
// event is encoded once: args are whatever c.Emit takes, parser.Buffer included, but for
// a callback. A socket gets the events of one caller in order, behind what the caller's
// handler has emitted to that socket before.
//
// Emit returns when the event is on its way. Whatever the error, this node's sockets have
// got it, unless an argument does not encode. Other errors: [ErrUnheard] where the
// backend cannot tell other nodes, store.ErrNoUser and store.ErrNoRoll of a [User],
// [ErrNoteTooLarge] for an event of more than about
// 256 KiB, or one of the store: other nodes may then have got it or not. A client that
// does not take what it is sent is dropped; on go-socket.io's own transports it misses
// the event if 256 wait for it, and Options.OnError hears of it. Emit is safe for
// concurrent use.
func (s *Sessions) Emit(ctx context.Context, to Target, namespace, event string, args ...any) error {
	namespace = orRoot(namespace)
	cast, err := newCast(namespace, event, args)
	if err != nil {
		return fmt.Errorf("sessions: emit %q: %w", event, err)
	}
	if err := s.post.send(ctx, message{To: to, Namespace: namespace, cast: cast}); err != nil {
		return fmt.Errorf("sessions: emit %q: %w", event, err)
	}
	return nil
}

// newCast encodes an event. It contains panics of the arguments' own code.
func newCast(namespace, event string, args []any) (cast *wire.Cast, err error) {
	err = contain(func() (err error) {
		cast, err = wire.NewCast(namespace, event, args)
		return err
	})
	if err == nil {
		return cast, nil
	}
	for i, arg := range args { // whose fault is it?
		if one := contain(func() error { _, err := json.Marshal(arg); return err }); one != nil {
			return nil, fmt.Errorf("argument %d: %w", i, one)
		}
	}
	return nil, err
}

// Disconnect sends away every socket of a target, in every namespace that the Sessions
// handle and on every node as Emit does, and tells it why; nil means [CodeDisconnected].
// Sessions live on. The error is that of Data that does not encode, or as for Emit.
func (s *Sessions) Disconnect(ctx context.Context, to Target, why *Refusal) error {
	if why == nil {
		why = refusal(CodeDisconnected)
	}
	told := *why
	if err := told.encodeData(); err != nil {
		return err
	}
	var failed []error
	if to.kind.isOfSessions() { // sockets of a session hear it in one note
		failed = append(failed, s.post.send(ctx, message{To: to, Refusal: &told}))
	} else {
		for namespace := range s.namespaces { // all at once: the first may end the connection
			s.post.deliver(message{To: to, Namespace: namespace, Refusal: &told})
		}
		for namespace := range s.namespaces {
			failed = append(failed, s.post.say(ctx, message{To: to, Namespace: namespace, Refusal: &told}))
		}
	}
	if err := errors.Join(failed...); err != nil {
		return fmt.Errorf("sessions: disconnect: %w", err)
	}
	return nil
}

// Sockets returns the connections of a target in a namespace of this node; nil if there
// are none.
func (s *Sessions) Sockets(of Target, namespace string) []socketio.Conn {
	var conns []socketio.Conn
	for _, so := range s.post.sockets(of, orRoot(namespace)) {
		if so.isIn() {
			conns = append(conns, so.handed)
		}
	}
	return conns
}
