package wire

// An idleSignal tells when no handler handles an event. The connection's mu guards it.
type idleSignal struct {
	handling bool
	waiters  chan struct{} // closed at the end of the event; nil if nobody waits
}

func (s *idleSignal) begin() { s.handling = true }

// end notes that the event is handled, and its acknowledgement written.
func (s *idleSignal) end() {
	s.handling = false
	if s.waiters != nil {
		close(s.waiters)
		s.waiters = nil
	}
}

// wait returns a channel that closes at the end of the event.
func (s *idleSignal) wait() <-chan struct{} {
	if s.waiters == nil {
		s.waiters = make(chan struct{})
	}
	waiters := s.waiters
	if !s.handling {
		s.end()
	}
	return waiters
}
