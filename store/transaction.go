package store

// A transaction remembers what SCS read through a context, so that a commit through
// the same context can tell its own changes from those of others. Its parts have
// their own locks; the other fields do not change.
type transaction struct {
	// held is the session of a socket's transaction, nil in others. Its store key is
	// key, and SCS calls it named.
	held       Held
	key, named string

	implicit bool // nobody called Begin

	bases   bases
	lineage lineage
	browser browser
}

// A Held is a socket's session, as the transaction of its context sees it. data is
// SCS's session data in the context, nil where it does not matter. SCS holds its lock
// when it calls these, and when it asks the context for data: neither may wait for
// anything that calls SCS.
type Held interface {
	// Base returns the snapshot that the changes in data count from, nil where the
	// session does not show data. An error is that of every call that would write.
	Base(data any) (*Snapshot, error)

	// Wrote says that a commit has succeeded. mine is what data was: further changes
	// count from there.
	Wrote(data any, mine *Snapshot)
}

// holds reports whether key is that of the socket's session.
func (t *transaction) holds(key string) bool { return t.held != nil && key == t.key }

// resolve returns the store key of what SCS calls a key.
func (t *transaction) resolve(key string) string {
	if t.held != nil && key == t.named {
		return t.key
	}
	return t.bases.resolve(key)
}

// onlyListed reports whether only Iterate has shown a session.
func (t *transaction) onlyListed(key string) bool {
	return !t.holds(key) && t.bases.onlyListed(key)
}

// base returns the base of a commit, nil for a token that this transaction has not
// read.
func (t *transaction) base(as viewer) (*Snapshot, error) {
	if t.held == nil {
		return t.bases.of(as), nil
	}
	own, err := t.held.Base(as.data)
	if err != nil || t.holds(as.key) && own != nil {
		return own, err
	}
	if base := t.bases.of(as); base != nil {
		return base, nil
	}
	return nil, ErrGone // its own session has ended, and no other can begin
}

// wrote makes mine, which was committed, the base of the next commit.
func (t *transaction) wrote(as viewer, mine *Snapshot) {
	if t.holds(as.key) {
		t.held.Wrote(as.data, mine)
		return
	}
	t.bases.wrote(as, mine.Bytes)
}
