package plugin

import "time"

// turn lets the events of one session run one at a time, in the order in which
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

// taken tells whether somebody has the turn.
func (t turn) taken() bool { return len(t) > 0 }

// give passes the turn on to who waits longest.
func (t turn) give() { <-t }
