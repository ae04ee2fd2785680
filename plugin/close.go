package plugin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/pace"
)

// Drain makes [Sessions.Ready] fail, so that a balancer sends no new clients here. All
// else goes on as before: who comes is let in, and who is there stays. Call it when the
// process is told to end, wait until the balancer has asked Ready, and call Close.
// Further calls change nothing.
func (s *Sessions) Drain() { s.draining.Store(true) }

// Ready returns nil while new clients are welcome, [ErrDraining] after Drain, and
// [ErrClosed] after Close. It is for the probe that a balancer sends; it does not ask the
// store, since all nodes share that: none would be left.
func (s *Sessions) Ready() error {
	switch {
	case s.common.registry.isClosing():
		return ErrClosed
	case s.draining.Load():
		return ErrDraining
	}
	return nil
}

// Close saves every session and sends every client away, with the code going_away, after
// which the client comes back by itself, here or elsewhere. It sends
// them away at the pace of [Options.CloseRate], or faster where three quarters of the time
// that ctx has would not do; meanwhile the others are served. New handshakes are answered
// 503 from the first moment. Close returns when every OnDisconnect has returned and every
// change is saved. If ctx ends first, all who are left are sent away at once, and the
// error names the sessions that are not saved. A second call returns [ErrClosed].
//
// Call Close before http.Server.Shutdown. Do not call socketio.Server.Close: it ends
// the process if a handshake is under way.
func (s *Sessions) Close(ctx context.Context) error {
	connections, ok := s.common.registry.close()
	if !ok {
		return ErrClosed
	}
	saved := make(chan error, 1)
	go func() { // ends when the last socket has left and the store has answered
		pace.Each(ctx, s.options.leaveRate(), connections, s.sendAway)
		s.common.registry.running.Wait()
		saved <- s.common.book.Save()
	}()
	go func() { _ = s.common.book.Save() }() // at once; what fails is tried again
	defer s.common.book.Close()
	defer s.post.close()
	select {
	case err := <-saved:
		return errors.Join(err, s.common.gate.close(ctx, s.options.leaveRate()))
	case <-ctx.Done():
		// Those who are in none of our namespaces go too, behind what the others are told.
		time.AfterFunc(lastWords, func() { _ = s.common.gate.close(ctx, s.options.leaveRate()) })
		return errors.Join(fmt.Errorf("sessions: close: %w", ctx.Err()), s.common.book.Unsaved())
	}
}

// sendAway tells a client that the server is going away. It reports whether the client
// was still there.
func (s *Sessions) sendAway(c *connection) bool {
	sockets := s.common.registry.socketsOf(c)
	for _, so := range sockets {
		so.sendOut(refusal(CodeGoingAway))
	}
	return len(sockets) > 0
}
