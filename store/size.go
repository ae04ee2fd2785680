package store

import (
	"context"
	"fmt"
)

const (
	// defaultMaxBytes is what Options.MaxBytes is by default.
	defaultMaxBytes = 1 << 20

	// renewalRoom is what a renewal may add to a session that is too large already:
	// the login puts who it is for.
	renewalRoom = 4 << 10
)

// Fits returns [ErrTooLarge] if mine is larger than Options.MaxBytes and than
// stored, which it would replace; nil for none.
func (c *Core) Fits(mine, stored *Snapshot) error {
	var old []byte
	if stored != nil {
		old = stored.Bytes
	}
	if c.tooLarge(mine.Bytes, old) {
		return ErrTooLarge
	}
	return nil
}

func (c *Core) tooLarge(b, stored []byte) bool {
	return c.maxBytes >= 0 && len(b) > max(c.maxBytes, len(stored))
}

// oversize is the Swap of a commit that is too large for its base. Where more is
// stored by now, the commit may have its turn after all.
func (c *Core) oversize(ctx context.Context, commit Commit) (current *Snapshot, ok bool, err error) {
	found, _, ok, err := c.backend.Find(ctx, commit.Key)
	switch {
	case err != nil:
		return nil, false, fmt.Errorf("store: save: %w", err)
	case !ok:
		return nil, false, ErrGone
	case c.tooLarge(commit.Mine.Bytes, found):
		return nil, false, ErrTooLarge
	}
	current, err = c.decodeStored(found)
	return current, false, err
}

// fitsAnew tells whether b may be stored under a new token, which renews old
// where that has a key. What others wrote, and is carried over, does not count.
func (c *Core) fitsAnew(b []byte, old former) bool {
	if old.key == "" || !c.tooLarge(b, nil) {
		return !c.tooLarge(b, nil)
	}
	room := len(old.last)
	if old.base != nil {
		room = max(room, len(old.base.Bytes))
	}
	return len(b) <= room+renewalRoom
}
