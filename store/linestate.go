package store

// A Meter is a [Line] that can say how it is. It is optional: an operator wants to know.
type Meter interface {
	// State returns how the line is. It returns at once.
	State() LineState
}

// A LineState is how a [Line] is at a moment.
type LineState struct {
	// Up says that the line hears all that it has joined, as far as it knows.
	Up bool
	// Joined is how many sessions or topics it hears: the backend has confirmed them.
	Joined int
	// Missed is how often the line was cut off since it was made. Each time anything
	// may have been missed.
	Missed uint64
}

// Lines returns how the lines to other nodes are: the one for what happens to sessions,
// and the one for what is said. Either is nil while there is none, as before it is first
// needed, and where the backend's lines are no [Meter].
func (c *Core) Lines() (notes, said *LineState) { return c.news.state(), c.talk.state() }

func (n *news) state() *LineState {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return stateOf(n.line)
}

func (t *talk) state() *LineState {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return stateOf(t.line)
}

func stateOf(line Line) *LineState {
	meter, ok := line.(Meter)
	if !ok {
		return nil
	}
	state := meter.State()
	return &state
}
