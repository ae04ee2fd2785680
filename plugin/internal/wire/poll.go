package wire

// A poll is a GET that waits for packets. Its fields are guarded by its
// connection's mu.
type poll struct {
	wake     chan struct{}
	replaced bool // another GET has come
	noop     bool // it must end, for an upgrade
	last     bool // it may have the last packets only
}

// signal wakes the GET; nil is allowed.
func (p *poll) signal() {
	if p == nil {
		return
	}
	select {
	case p.wake <- struct{}{}:
	default:
	}
}
