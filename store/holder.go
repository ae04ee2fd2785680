package store

// A Holder holds sessions for longer than a request, with changes that it has not
// saved yet. The Store asks it before somebody else goes on with a session: so a
// write counts when it was made, not when it is saved. The methods may wait for the
// store. SCS holds a lock during some of these calls: they must not wait for
// anything that calls SCS while it holds what they need.
type Holder interface {
	// Flush saves the unsaved changes of the session of an id. Somebody else is
	// about to read the session, or to commit it.
	Flush(id string)

	// HandOver flushes a session that is about to end and to go on under another
	// token. It accepts no further changes, which would be lost. The caller calls
	// done afterwards, with whether the session has ended. The error says that the
	// changes cannot be saved: then the session must not end.
	HandOver(id string) (done func(ended bool), err error)
}

// holders are all that hold sessions of a Store. They are fixed once its manager
// serves.
type holders []Holder

// flush flushes the session under key, whoever holds it.
func (h holders) flush(key string) {
	if len(h) == 0 {
		return
	}
	id := ID(key)
	for _, holder := range h {
		holder.Flush(id)
	}
}

// handOver hands the session under key over, whoever holds it.
func (h holders) handOver(key string) (done func(ended bool), err error) {
	var all []func(bool)
	done = func(ended bool) {
		for _, done := range all {
			done(ended)
		}
	}
	id := ID(key)
	for _, holder := range h {
		one, err := holder.HandOver(id)
		if err != nil {
			done(false)
			return nil, err
		}
		all = append(all, one)
	}
	return done, nil
}
