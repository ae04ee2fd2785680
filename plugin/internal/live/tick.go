package live

// tick runs when the timer fires, in a goroutine of its own that ends with the
// exchange. A failed one is tried again, also when the last member has left:
// the changes must not be lost.
func (e *Entry) tick() {
	alive := e.isKeptAlive()
	e.clock.fired(alive)
	err := e.sync(false)
	if err == nil && e.mustAsk() {
		err = IgnoreEnd(e.refresh())
	}
	if err != nil {
		e.host.Failed(stageSave, e.id, err)
		e.retry()
		return
	}
	if e.register.retire(e) {
		return
	}
	e.clock.armForExpiry()
	if alive {
		e.clock.arm(e.manager.IdleTimeout / TouchShare)
	}
}

// isKeptAlive reports whether the session's members keep it alive.
func (e *Entry) isKeptAlive() bool {
	return e.config.KeepAlive && e.manager.IdleTimeout > 0 && e.register.hasMembers(e)
}

// mustAsk reports whether the store must be asked without an event: the session
// may be over, or is used between events.
func (e *Entry) mustAsk() bool {
	return e.Ended() == nil && (e.fresh.isStale() || e.clock.isOver())
}
