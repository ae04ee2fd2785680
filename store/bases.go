package store

import "sync"

// bases are the snapshots that the commits of a transaction count their changes from.
// Only the Bytes of these snapshots are set. bases has its own lock, and its zero
// value is ready to use.
type bases struct {
	max int // how many sessions it remembers; 0 for any number

	mu    sync.Mutex
	byKey map[string]*Snapshot // by store key

	// shared has the keys that were read more than once: their base serves all
	// those loads. byViewer has the bases of viewers that have their own by now.
	shared   map[string]struct{}
	byViewer map[viewer]*Snapshot

	listed listing
}

// A viewer is one of several holders of a session in a transaction: SCS's data of it.
type viewer struct {
	key  string
	data any
}

// read makes b the base of commits under key. An earlier base stays: against that, no
// commit undoes a change of others.
func (b *bases) read(key string, bytes []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.byKey[key] == nil {
		b.setLocked(key, bytes)
		return
	}
	if b.shared == nil {
		b.shared = make(map[string]struct{})
	}
	b.shared[key] = struct{}{}
}

// wrote makes committed bytes the base of the viewer's next commit.
func (b *bases) wrote(as viewer, bytes []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, shared := b.shared[as.key]
	switch {
	case shared || b.byViewer[as] != nil:
		b.setViewerLocked(as, &Snapshot{Bytes: bytes})
	case b.byKey[as.key] == nil && b.listed.has(as.key):
		b.listed.bytes[as.key] = bytes
	default:
		b.setLocked(as.key, bytes)
	}
}

// list makes a listing the base of its sessions. A session that has a base keeps it,
// but for the caller's: only the caller's data is known to be older than the list.
func (b *bases) list(l listing, caller viewer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if base := b.ofLocked(caller); caller.data != nil && base != nil {
		b.setViewerLocked(caller, base)
		delete(b.byKey, caller.key)
	}
	b.listed = l
}

// of returns the base of a viewer's commit, nil for a token that was not read.
func (b *bases) of(as viewer) *Snapshot {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ofLocked(as)
}

func (b *bases) ofLocked(as viewer) *Snapshot {
	if base := b.byViewer[as]; base != nil {
		return base
	}
	if base := b.byKey[as.key]; base != nil {
		return base
	}
	if b.listed.has(as.key) {
		return &Snapshot{Bytes: b.listed.bytes[as.key]}
	}
	return nil
}

// ofKey returns what was read of a session, nil for nothing.
func (b *bases) ofKey(key string) *Snapshot {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.byKey[key]
}

// onlyListed reports whether Iterate has shown a session and nothing has read it.
func (b *bases) onlyListed(key string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.byKey[key] == nil && b.listed.has(key)
}

// resolve returns the store key of what SCS calls a key.
func (b *bases) resolve(key string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if real, ok := b.listed.keys[key]; ok {
		return real
	}
	return key
}

func (b *bases) setLocked(key string, bytes []byte) {
	if b.byKey == nil || b.max > 0 && len(b.byKey) == b.max {
		b.byKey = make(map[string]*Snapshot, 1)
		b.shared, b.byViewer = nil, nil
	}
	b.byKey[key] = &Snapshot{Bytes: bytes}
}

func (b *bases) setViewerLocked(as viewer, base *Snapshot) {
	if b.byViewer == nil {
		b.byViewer = make(map[viewer]*Snapshot)
	}
	b.byViewer[as] = base
}
