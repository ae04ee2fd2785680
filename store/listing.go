package store

import "sync"

// A listing is what SCS's Iterate was given: the bases of what it commits. It belongs
// to the bases of a transaction, whose lock guards it.
type listing struct {
	bytes map[string][]byte // by store key
	// keys are the store keys by what SCS makes of them under HashTokenInStore, else
	// nil: SCS takes what it lists for tokens, and hashes them once more.
	keys map[string]string
}

func (l listing) has(key string) bool {
	_, ok := l.bytes[key]
	return ok
}

// bareLists keeps the keys of the last two listings under HashTokenInStore that were
// made without a transaction: what SCS makes of them must become no session. It has
// its own lock, and its zero value is ready to use.
type bareLists struct {
	mu   sync.Mutex
	keys [2]map[string]string
}

func (b *bareLists) add(keys map[string]string) {
	if keys == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.keys[0], b.keys[1] = b.keys[1], keys
}

// resolve returns the store key of what SCS calls a key, and whether it was listed.
func (b *bareLists) resolve(key string) (string, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, keys := range b.keys {
		if real, ok := keys[key]; ok {
			return real, true
		}
	}
	return key, false
}
