package store

import (
	"slices"
	"sync"
	"time"
)

// A lineage is what the session of a transaction goes on from. SCS ends a session in
// RenewToken or MergeSession and commits its successor later: between the two, the
// lineage remembers it. It has its own lock, and its zero value is ready to use.
type lineage struct {
	mu        sync.Mutex
	renewed   ancestor   // what the next new token takes the place of
	merged    []ancestor // what MergeSession has put in, until that is committed
	past      []string   // the ids of all that it went on from, once committed
	malformed string     // the key of a session that the next one takes the place of
}

// An ancestor is a session that RenewToken or MergeSession has deleted.
type ancestor struct {
	key  string
	base *Snapshot // what the transaction had read of it; nil for nothing
	last []byte    // what it was when it was deleted; nil if it had ended before

	ended time.Time // when it was deleted, or before; zero after a commit that may have been made
}

// addRenewed adds a session that RenewToken has deleted. Only the first counts: a
// token that was never committed has no session.
func (l *lineage) addRenewed(a ancestor) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.renewed.key == "" {
		l.renewed = a
	}
}

// addMerged adds a session that MergeSession has deleted.
func (l *lineage) addMerged(a ancestor) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.merged = append(l.merged, a)
}

// inheritNothing makes the next new token carry over nothing that others wrote.
func (l *lineage) inheritNothing() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.renewed.base = nil
}

// ancestors returns what the session goes on from and is not committed yet.
func (l *lineage) ancestors() (renewed ancestor, merged []ancestor) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.renewed, l.merged
}

// doubt notes that a commit may have been made: its ancestors may have left the roll of
// their user with it, and it may end before the next try.
func (l *lineage) doubt() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.renewed.ended = time.Time{}
	l.merged = slices.Clone(l.merged) // ancestors has returned it
	for i := range l.merged {
		l.merged[i].ended = time.Time{}
	}
}

// commitRenewed notes that the renewal of the session of an id is committed.
func (l *lineage) commitRenewed(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.renewed, l.past = ancestor{}, append(l.past, id)
}

// commitMerged notes that the merged sessions are committed, and returns their ids.
func (l *lineage) commitMerged() (ids []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range l.merged {
		ids = append(ids, ID(a.key))
	}
	l.merged, l.past = nil, append(l.past, ids...)
	return ids
}

// abandon forgets what is not committed, and returns the ids of the sessions that
// have ended with it.
func (l *lineage) abandon() (ids []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range l.merged {
		ids = append(ids, ID(a.key))
	}
	if l.renewed.last != nil {
		ids = append(ids, ID(l.renewed.key))
	}
	l.renewed, l.merged = ancestor{}, nil
	return ids
}

// end is abandon of a session that was destroyed: all that went on in it has ended.
func (l *lineage) end() (ids []string) {
	ids = l.abandon()
	l.mu.Lock()
	defer l.mu.Unlock()
	ids = append(ids, l.past...)
	l.past = nil
	return ids
}

// setMalformed notes that a request came with the key of a session that does not
// decode. The next commit or Destroy deletes it. "" notes that this is done.
func (l *lineage) setMalformed(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.malformed = key
}

func (l *lineage) malformedKey() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.malformed
}
