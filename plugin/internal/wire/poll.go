package wire

// A poll is a GET that waits for packets. The connection's mu guards its fields.
type poll struct {
	wake     chan struct{}
	replaced bool // another GET has come
	noop     bool // it must end because of an upgrade
	last     bool // it may only have the last packets
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
