package store

// A Holder holds sessions for longer than a request lasts, with changes that are
// not saved yet. The Store asks it before others go on, so that a write counts
// when it was made and not when it is saved. Its methods may wait for the store,
// but not for anything that calls SCS while it holds what they need: SCS holds a
// lock of its own over some of these calls.
type Holder interface {
	// Flush saves what waits to be saved of the session of an id: somebody else
	// is about to read it, or to commit.
	Flush(id string)

	// HandOver does the same for a session that is about to end and to go on under
	// another token, and takes no further changes: those would be in neither. It
	// returns what must be called afterwards, with whether the session has ended.
	// The error is that what waits cannot be saved: then the session must not end.
	HandOver(id string) (handedOver func(ended bool), err error)
}

// AddHolder makes the Store ask a Holder. Call it before the manager serves.
func (c *Core) AddHolder(h Holder) { c.holders = append(c.holders, h) }

// flush lets whoever holds the session under a key save what waits.
func (c *Core) flush(key string) {
	if len(c.holders) == 0 {
		return
	}
	id := ID(key)
	for _, k := range c.holders {
		k.Flush(id)
	}
}

// handOver lets whoever holds the session under a key save what waits, and let go.
func (c *Core) handOver(key string) (handedOver func(ended bool), err error) {
	var all []func(bool)
	handedOver = func(ended bool) {
		for _, f := range all {
			f(ended)
		}
	}
	id := ID(key)
	for _, h := range c.holders {
		f, err := h.HandOver(id)
		if err != nil {
			handedOver(false)
			return nil, err
		}
		all = append(all, f)
	}
	return handedOver, nil
}
