package live

import "time"

// A turn lets the handlers of one session run one at a time, in the order in which
// they asked: the runtime wakes the senders of a channel in that order.
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

// take waits for the turn and reports whether it came within limit.
func (t turn) take(limit time.Duration) bool {
	select {
	case t <- struct{}{}:
		return true
	default:
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case t <- struct{}{}:
		return true
	case <-timer.C:
		return false
	}
}

// give passes the turn on to the handler that has waited longest.
func (t turn) give() { <-t }

// isTaken reports whether a handler has the turn.
func (t turn) isTaken() bool { return len(t) > 0 }
