package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// create stores a session whose token is new in this transaction. After RenewToken it
// carries over what others wrote between the load and then.
func (c *Core) create(ctx context.Context, tx *transaction, as viewer, b []byte, expiry time.Time) error {
	renewed, merged := tx.lineage.ancestors()
	if c.ends.of(ID(as.key)) != "" || renewed.key != "" && renewed.last == nil {
		// It ended after it was listed, or before it was renewed: nothing of it may
		// go on.
		if tx.implicit {
			return nil
		}
		return ErrGone
	}
	if c.tooLargeToCreate(b, renewed) {
		return ErrTooLarge
	}
	if err := c.endMalformed(ctx, tx, Renewed); err != nil {
		return err
	}
	made, err := c.carryMerged(merged, b)
	if err == nil {
		made, err = c.carryOver(renewed, made)
	}
	if err != nil {
		return err
	}
	event := Event{}
	if renewed.key != "" {
		event = Event{ID: ID(renewed.key), Kind: Renewed}
	}
	placing, err := c.placeBytes(as.key, nil, made, append([]ancestor{renewed}, merged...)...)
	if err != nil {
		return err
	}
	found, ok, err := c.backend.Swap(ctx, as.key, Change{New: made, Life: Life{expiry, expiry}, Note: c.news.note(event), Owner: placing.owner})
	if err != nil {
		tx.lineage.doubt()
		return fmt.Errorf("store: create: %w", err)
	}
	if !ok && found == nil { // what goes on in it was ended meanwhile
		if tx.implicit {
			return nil
		}
		return ErrGone
	}
	if !ok && tx.implicit {
		return c.replace(ctx, as.key, b, expiry) // its base was forgotten
	}
	if !ok && found != nil {
		// It is ours if it was created before and only the answer was lost.
		ok, err = c.same(&Snapshot{Bytes: found}, &Snapshot{Bytes: made})
	}
	if err != nil || !ok {
		return errors.Join(errors.New("store: create: the token of a new session is taken"), err)
	}
	if event.ID != "" {
		tx.lineage.commitRenewed(event.ID)
		c.ends.add(event.ID, Renewed)
		c.news.tell(event, nil)
	}
	tx.wrote(as, &Snapshot{Bytes: b})
	c.tellMerged(ctx, tx)
	c.placed(ctx, placing)
	return nil
}

// tooLargeToCreate reports whether b is too large for a new token. What others wrote,
// and is carried over, does not count.
func (c *Core) tooLargeToCreate(b []byte, renewed ancestor) bool {
	if renewed.key == "" {
		return c.limit.exceeded(b, nil)
	}
	had := len(renewed.last)
	if renewed.base != nil {
		had = max(had, len(renewed.base.Bytes))
	}
	return c.limit.exceededByRenewal(b, had)
}

// replace stores b over whatever is under key, as SCS does. It brings back no session
// that is known to have ended, and none that Iterate has listed and is gone.
func (c *Core) replace(ctx context.Context, key string, b []byte, expiry time.Time) error {
	key, listed := c.bareLists.resolve(key)
	c.holders.flush(key)
	if c.ends.of(ID(key)) != "" {
		return ErrGone
	}
	change := Change{New: b, Life: Life{expiry, expiry}}
	if listed || c.limit.exceeded(b, nil) {
		found, _, ok, err := c.backend.Find(ctx, key)
		if err != nil {
			return fmt.Errorf("store: commit: %w", err)
		}
		if !ok && listed {
			return ErrGone
		}
		if change.Old = found; ok {
			change.Note = c.news.note(Event{ID: ID(key), Kind: Changed})
		}
	}
	return retry(ctx, func() (done bool, err error) {
		if c.limit.exceeded(b, change.Old) {
			return false, ErrTooLarge
		}
		placing, err := c.placeBytes(key, change.Old, b)
		if err != nil {
			return false, err
		}
		change.Owner = placing.owner
		found, ok, err := c.backend.Swap(ctx, key, change)
		switch {
		case err != nil:
			return false, fmt.Errorf("store: commit: %w", err)
		case ok:
			c.news.tell(change.Note.Event, nil)
			c.placed(ctx, placing)
			return true, nil
		case found == nil && listed:
			return false, ErrGone
		}
		change.Old = found
		change.Note = c.news.note(Event{ID: ID(key), Kind: Changed})
		return false, nil
	})
}

// endMalformed deletes a session that the request came with and that does not decode.
func (c *Core) endMalformed(ctx context.Context, tx *transaction, why Kind) error {
	key := tx.lineage.malformedKey()
	if key == "" {
		return nil
	}
	if _, err := c.end(ctx, key, why); err != nil {
		return err
	}
	tx.lineage.setMalformed("")
	return nil
}
