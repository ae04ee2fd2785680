package store

// A Keeper holds sessions for longer than a request lasts, with changes that are
// not saved yet. The Store asks it before others go on, so that a write counts
// when it was made and not when it is saved. Its methods may wait for the store,
// but not for anything that calls SCS while it holds what they need: SCS holds a
// lock of its own over some of these calls.
type Keeper interface {
	// Settle saves what waits to be saved of the session of an id: somebody else
	// is about to read it, or to commit.
	Settle(id string)

	// Yield does the same for a session that is about to end and to go on under
	// another token, and takes no further changes: those would be in neither. It
	// returns what must be called afterwards, with whether the session has ended.
	// The error is that what waits cannot be saved: then it must not end so.
	Yield(id string) (yielded func(ended bool), err error)
}

// Keep makes the Store ask a Keeper. Call it before the manager serves.
func (s *Store) Keep(k Keeper) { s.keepers = append(s.keepers, k) }

// settle lets whoever holds the session under a key save what waits.
func (s *Store) settle(key string) {
	if len(s.keepers) == 0 {
		return
	}
	id := ID(key)
	for _, k := range s.keepers {
		k.Settle(id)
	}
}

// yield lets whoever holds the session under a key save what waits, and let go.
func (s *Store) yield(key string) (yielded func(ended bool), err error) {
	var all []func(bool)
	yielded = func(ended bool) {
		for _, f := range all {
			f(ended)
		}
	}
	id := ID(key)
	for _, k := range s.keepers {
		f, err := k.Yield(id)
		if err != nil {
			yielded(false)
			return nil, err
		}
		all = append(all, f)
	}
	return yielded, nil
}
