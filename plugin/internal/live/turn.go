package live

import "time"

// A turn lets the handlers of one session run one at a time, in the order in which
// they asked: the runtime wakes the senders of a channel in that order.
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

// TakeTurn waits for the session's turn and reports whether it came within limit.
// Who has taken it gives it back by [Entry.GiveTurn].
func (e *Entry) TakeTurn(limit time.Duration) bool {
	select {
	case e.turn <- struct{}{}:
		return true
	default:
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case e.turn <- struct{}{}:
		return true
	case <-timer.C:
		return false
	}
}

// GiveTurn passes the turn on to the handler that has waited longest.
func (e *Entry) GiveTurn() { <-e.turn }

// Busy reports whether a handler has the turn.
func (e *Entry) Busy() bool { return len(e.turn) > 0 }
