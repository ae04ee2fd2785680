package store

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"
)

var _ Roll = (*Memory)(nil)

// A memoryRoll is the roll of a user. Memory's lock guards it.
type memoryRoll struct {
	entries map[string]*rollEntry // by store key
	order   uint64                // of the entry that came last
	end     time.Time             // when nothing on it can matter any more
}

type rollEntry struct {
	device string
	made   time.Time
	order  uint64
	mark   rollMark
	absent time.Time // since when it was seen to be absent
}

type rollMark int

const (
	unmarked rollMark = iota
	condemned
	superseded
)

// Entries implements [Roll].
func (m *Memory) Entries(_ context.Context, user string) ([]Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.markLocked(user, unmarked, func(string) bool { return true }), nil
}

// Condemn implements [Roll].
func (m *Memory) Condemn(_ context.Context, user string, but bool, devices ...string) ([]Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.markLocked(user, condemned, func(device string) bool { return slices.Contains(devices, device) != but }), nil
}

// markLocked returns the entries of a roll that have a certain device, after it has marked
// them, and tends them all.
func (m *Memory) markLocked(user string, mark rollMark, has func(device string) bool) (found []Entry) {
	roll := m.rolls[user]
	if roll == nil {
		return nil
	}
	for key, e := range roll.entries {
		live, stays := m.tendLocked(user, key, e)
		if !stays || !has(e.device) {
			continue
		}
		if mark != unmarked {
			e.mark = mark
		}
		found = append(found, Entry{Key: key, Device: e.device, Made: e.made, Live: live})
	}
	return found
}

// tendLocked takes an entry off whose session has long been absent. It reports whether the
// session is there, and whether the entry stays.
func (m *Memory) tendLocked(user, key string, e *rollEntry) (live, stays bool) {
	_, live = m.liveLocked(key)
	switch now := time.Now(); {
	case live:
		e.absent = time.Time{}
	case e.absent.IsZero():
		e.absent = now
	case now.Sub(e.absent) > RollPatience:
		m.takeOffLocked(user, key)
		return false, false
	}
	return live, true
}

// Supersede implements [Roll].
func (m *Memory) Supersede(_ context.Context, user, key string, limit int, byUse bool) (keys []string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	roll := m.rolls[user]
	if roll == nil || roll.entries[key] == nil {
		return nil, nil
	}
	last := roll.entries[key].order
	type candidate struct {
		*rollEntry
		key    string
		expiry time.Time
	}
	var earlier []candidate
	for other, e := range roll.entries {
		found, live := m.liveLocked(other)
		switch {
		case !live || e.order >= last:
		case e.mark == superseded:
			keys = append(keys, other)
		case e.mark == unmarked:
			c := candidate{rollEntry: e, key: other}
			if byUse {
				c.expiry = found.expiry
			}
			earlier = append(earlier, c)
		}
	}
	slices.SortFunc(earlier, func(a, b candidate) int {
		return cmp.Or(a.expiry.Compare(b.expiry), a.made.Compare(b.made), cmp.Compare(a.order, b.order))
	})
	for _, c := range earlier[:clamp(len(earlier)+1-limit, len(earlier))] {
		c.mark = superseded
		keys = append(keys, c.key)
	}
	return keys, nil
}

func clamp(n, most int) int { return max(0, min(n, most)) }

// End implements [Roll].
func (m *Memory) End(_ context.Context, user, key string, old []byte, note Note) ([]byte, bool, error) {
	current, ok := m.endIf(user, key, old)
	if ok {
		m.notes.tell(note)
	}
	return current, ok, nil
}

func (m *Memory) endIf(user, key string, old []byte) ([]byte, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	current, ok := m.liveLocked(key)
	if !ok || !bytes.Equal(current.bytes, old) {
		return current.bytes, false
	}
	delete(m.items, key)
	m.takeOffLocked(user, key)
	return nil, true
}

// Leave implements [Roll].
func (m *Memory) Leave(_ context.Context, user, key string, held []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if current, ok := m.liveLocked(key); ok == (held != nil) && bytes.Equal(current.bytes, held) {
		m.takeOffLocked(user, key)
	}
	return nil
}

// ownLocked does what a change means for the rolls. It returns false, and does nothing, if
// the change must not be made.
func (m *Memory) ownLocked(key string, o *Owner) bool {
	if o == nil {
		return true
	}
	var heir *rollEntry
	for _, from := range o.From {
		e := m.entryLocked(o.User, from)
		if e != nil && e.mark != unmarked || e == nil && o.Late {
			return false
		}
		if heir == nil {
			heir = e
		}
	}
	for _, from := range o.From {
		m.takeOffLocked(o.User, from)
	}
	if o.Was != "" && o.Was != o.User {
		m.takeOffLocked(o.Was, key)
	}
	if o.User != "" {
		m.enterLocked(key, o, heir)
	}
	return true
}

// enterLocked puts a session onto a roll, in the place of its heir if there is one, and
// tends a few others.
func (m *Memory) enterLocked(key string, o *Owner, heir *rollEntry) {
	roll := m.rolls[o.User]
	if roll == nil {
		if m.rolls == nil {
			m.rolls = make(map[string]*memoryRoll)
		}
		roll = &memoryRoll{entries: make(map[string]*rollEntry, 1)}
		m.rolls[o.User] = roll
	}
	if end := o.Deadline.Add(2 * RollPatience); end.After(roll.end) {
		roll.end = end
	}
	if o.User == o.Was && roll.entries[key] != nil {
		return
	}
	seen := 0
	for other, e := range roll.entries {
		if seen++; seen > sweepWidth {
			break
		}
		m.tendLocked(o.User, other, e)
	}
	m.rolls[o.User] = roll // it may have become empty
	e := &rollEntry{device: o.Device}
	switch {
	case heir != nil:
		e.device, e.made = heir.device, heir.made
	case o.User != o.Was:
		e.made = time.Now()
	}
	roll.order++
	e.order = roll.order
	roll.entries[key] = e
}

func (m *Memory) entryLocked(user, key string) *rollEntry {
	if roll := m.rolls[user]; roll != nil {
		return roll.entries[key]
	}
	return nil
}

func (m *Memory) takeOffLocked(user, key string) {
	roll := m.rolls[user]
	if roll == nil {
		return
	}
	delete(roll.entries, key)
	if len(roll.entries) == 0 {
		delete(m.rolls, user)
	}
}

// sweepRollsLocked removes a few rolls that cannot matter any more.
func (m *Memory) sweepRollsLocked(now time.Time) {
	seen := 0
	for user, roll := range m.rolls {
		if now.After(roll.end) {
			delete(m.rolls, user)
		}
		if seen++; seen == sweepWidth {
			return
		}
	}
}
