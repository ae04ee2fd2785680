package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"
)

// lineage is what a transaction's session goes on from. It is guarded by the
// transaction's mu.
type lineage struct {
	old    former   // what the next new token renews
	others []former // what MergeSession has put into it, until that is committed
	past   []string // the ids of all that it went on from, as committed
}

// former is a session that RenewToken or MergeSession deleted: what this
// transaction had read of it, and what it was at the end.
type former struct {
	key  string
	base *Snapshot
	last []byte
}

// renewed notes that RenewToken deleted the session under key. The token of a
// renewal that is not committed yet has no session to speak of.
func (t *transaction) renewed(key string, last []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.old.key == "" {
		t.old = former{key: key, base: t.bases[key], last: last}
	}
}

// merged notes that MergeSession deleted the session under key.
func (t *transaction) merged(key string, last []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.others = append(t.others, former{key: key, base: t.bases[key], last: last})
}

// CarryNothingOver makes what others wrote into a session that RenewToken has
// just ended, in the transaction of ctx, end with it.
func (c *Core) CarryNothingOver(ctx context.Context) {
	tx := c.transactionOf(ctx)
	if tx == nil {
		return
	}
	tx.mu.Lock()
	defer tx.mu.Unlock()
	tx.old.base = nil
}

// former returns the session that the next new token renews.
func (t *transaction) former() former {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.old
}

// own tells of what the session goes on from, now that it is committed. That
// RenewToken was is told by then.
func (c *Core) own(ctx context.Context, tx *transaction) {
	tx.mu.Lock()
	others := tx.others
	tx.others = nil
	for _, f := range others {
		tx.past = append(tx.past, ID(f.key))
	}
	tx.mu.Unlock()
	for _, f := range others {
		c.conclude(ctx, ID(f.key), Renewed)
	}
}

// abandon tells of the end of sessions that were to go on in one that was not
// committed.
func (c *Core) abandon(ctx context.Context, tx *transaction) {
	tx.mu.Lock()
	given := tx.others
	if tx.old.last != nil {
		given = append(given, tx.old)
	}
	tx.old, tx.others = former{}, nil
	tx.mu.Unlock()
	for _, f := range given {
		c.conclude(ctx, ID(f.key), Destroyed)
	}
}

// disown does so when the session is destroyed, also of what went on in it.
func (c *Core) disown(ctx context.Context, tx *transaction) {
	c.abandon(ctx, tx)
	tx.mu.Lock()
	past := tx.past
	tx.past = nil
	tx.mu.Unlock()
	for _, id := range past {
		c.conclude(ctx, id, Destroyed)
	}
}

// conclude says what became of a session that was renewing. A node that does not
// hear it finds out after renewalTime.
func (c *Core) conclude(ctx context.Context, id string, why Kind) {
	event := Event{ID: id, Kind: why}
	c.ends.add(id, why)
	if speaker, ok := c.backend.(Speaker); ok {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = speaker.Say(ctx, c.news.note(event))
	}
	c.news.tell(event, nil)
}

// create stores a session whose token is new in this transaction. After a
// RenewToken it carries over what others wrote between the load and then.
func (c *Core) create(ctx context.Context, tx *transaction, as viewer, b []byte, expiry time.Time) error {
	key, old := as.key, tx.former()
	if c.ends.of(ID(key)) != "" || old.key != "" && old.last == nil {
		// It has ended since it was listed, or before it was renewed: nothing of it
		// may go on.
		if tx.implicit {
			return nil
		}
		return ErrGone
	}
	if !c.fitsAnew(b, old) {
		return ErrTooLarge
	}
	if err := c.sweep(ctx, tx, Renewed); err != nil {
		return err
	}
	merged, err := c.takeOver(tx, b)
	if err == nil {
		merged, err = c.carryOver(old, merged)
	}
	if err != nil {
		return err
	}
	event := Event{}
	if old.key != "" {
		event = Event{ID: ID(old.key), Kind: Renewed}
	}
	found, ok, err := c.backend.Swap(ctx, key, Change{New: merged, Life: Life{expiry, expiry}, Note: c.news.note(event)})
	if err != nil {
		return fmt.Errorf("store: create: %w", err)
	}
	if !ok && tx.implicit {
		return c.replace(ctx, key, b, expiry) // its base was forgotten
	}
	if !ok && found != nil {
		// Ours, if it was made before and only the answer was lost.
		ok, err = c.Same(&Snapshot{Bytes: found}, &Snapshot{Bytes: merged})
	}
	if err != nil || !ok {
		return errors.Join(errors.New("store: create: the token of a new session is taken"), err)
	}
	c.succeed(tx, event)
	tx.wrote(as, &Snapshot{Bytes: b})
	c.own(ctx, tx)
	return nil
}

// succeed tells of the session that a new one has taken the place of, if any.
func (c *Core) succeed(tx *transaction, renewed Event) {
	if renewed.ID == "" {
		return
	}
	tx.mu.Lock()
	tx.old, tx.past = former{}, append(tx.past, renewed.ID)
	tx.mu.Unlock()
	c.ends.add(renewed.ID, Renewed)
	c.news.tell(renewed, nil)
}

// carryOver returns b with what others changed in the session that it renews.
func (c *Core) carryOver(old former, b []byte) ([]byte, error) {
	if old.base == nil || old.last == nil || bytes.Equal(old.base.Bytes, old.last) {
		return b, nil
	}
	mine, err := c.Decode(b)
	if err != nil {
		return nil, err
	}
	if _, err := c.decodeStored(old.last); err != nil {
		return b, nil // nothing that could be carried
	}
	merged, err := c.Rebase(old.base, mine, &Snapshot{Bytes: old.last})
	if err != nil {
		return nil, err
	}
	merged, err = c.Encode(mine.Deadline, merged.Values) // a renewal has a deadline of its own
	if err != nil {
		return nil, err
	}
	return merged.Bytes, nil
}

// takeOver returns b with what others changed in sessions after MergeSession had
// read them, where b still has what it read.
func (c *Core) takeOver(tx *transaction, b []byte) ([]byte, error) {
	tx.mu.Lock()
	others := tx.others
	tx.mu.Unlock()
	for _, f := range others {
		if f.base == nil || bytes.Equal(f.base.Bytes, f.last) {
			continue
		}
		base, err := c.Decode(f.base.Bytes)
		if err != nil {
			return nil, err
		}
		last, err := c.decodeStored(f.last)
		if err != nil {
			continue // nothing that could be taken
		}
		mine, err := c.Decode(b)
		if err != nil {
			return nil, err
		}
		follow(mine.Values, base.Values, last.Values)
		if mine, err = c.Encode(mine.Deadline, mine.Values); err != nil {
			return nil, err
		}
		b = mine.Bytes
	}
	return b, nil
}

// follow changes in values what changed between base and last, where they agree
// with base.
func follow(values, base, last map[string]any) {
	for _, key := range changedKeys(base, last) {
		is, has := values[key]
		if was, had := base[key]; has != had || !reflect.DeepEqual(is, was) {
			continue
		}
		if value, ok := last[key]; ok {
			values[key] = value
		} else {
			delete(values, key)
		}
	}
}
