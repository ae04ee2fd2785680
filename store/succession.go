package store

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"time"
)

// CarryNothingOver makes the new token of a renewal carry over nothing that others
// wrote into the old session. RenewToken has just ended that in the transaction of
// ctx.
func (c *Core) CarryNothingOver(ctx context.Context) {
	if tx := c.transactionOf(ctx); tx != nil {
		tx.lineage.inheritNothing()
	}
}

// handOver ends a session that goes on under another token, or in another session.
func (c *Core) handOver(ctx context.Context, tx *transaction, key string, by scsMethod) error {
	why := renewing
	if tx == nil {
		why = Renewed // nobody can say later that the new token is committed
	}
	done, err := c.holders.handOver(key)
	if err != nil {
		return fmt.Errorf("store: hand over: %w", err)
	}
	ended, now := false, time.Now()
	defer func() { done(ended) }()
	last, err := c.end(ctx, key, why)
	ended = err == nil
	if err != nil || tx == nil {
		return err
	}
	a := ancestor{key: key, base: tx.bases.ofKey(key), last: last, ended: now}
	switch {
	case by == callsRenewToken:
		tx.lineage.addRenewed(a)
	case last == nil:
		return ErrGone
	default:
		tx.lineage.addMerged(a)
	}
	return nil
}

// tellMerged tells that merged sessions go on in one that is now committed.
func (c *Core) tellMerged(ctx context.Context, tx *transaction) {
	for _, id := range tx.lineage.commitMerged() {
		c.tellEnd(ctx, id, Renewed)
	}
}

// abandon tells that sessions have ended which were to go on in one that was not
// committed.
func (c *Core) abandon(ctx context.Context, tx *transaction) {
	for _, id := range tx.lineage.abandon() {
		c.tellEnd(ctx, id, Destroyed)
	}
}

// endLineage tells that a destroyed session has ended, to all that went on in it.
func (c *Core) endLineage(ctx context.Context, tx *transaction) {
	for _, id := range tx.lineage.end() {
		c.tellEnd(ctx, id, Destroyed)
	}
}

// tellEnd tells what became of a session that was renewing. A node that does not hear
// it finds out after renewalTimeout.
func (c *Core) tellEnd(ctx context.Context, id string, why Kind) {
	event := Event{ID: id, Kind: why}
	c.ends.add(id, why)
	if speaker, ok := c.backend.(Speaker); ok {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = speaker.Say(ctx, c.news.note(event))
	}
	c.news.tell(event, nil)
}

// carryOver returns b with what others changed in the session that it renews.
func (c *Core) carryOver(renewed ancestor, b []byte) ([]byte, error) {
	if renewed.base == nil || renewed.last == nil || bytes.Equal(renewed.base.Bytes, renewed.last) {
		return b, nil
	}
	mine, err := c.decode(b)
	if err != nil {
		return nil, err
	}
	if _, err := c.decodeStored(renewed.last); err != nil {
		return b, nil // there is nothing to carry over
	}
	made, err := c.rebase(renewed.base, mine, &Snapshot{Bytes: renewed.last})
	if err != nil {
		return nil, err
	}
	made, err = c.encode(mine.Deadline, made.Values) // a renewal has its own deadline
	if err != nil {
		return nil, err
	}
	return made.Bytes, nil
}

// carryMerged returns b with what others changed in merged sessions after MergeSession
// had read them, where b still has what MergeSession read.
func (c *Core) carryMerged(merged []ancestor, b []byte) ([]byte, error) {
	for _, a := range merged {
		if a.base == nil || bytes.Equal(a.base.Bytes, a.last) {
			continue
		}
		base, err := c.decode(a.base.Bytes)
		if err != nil {
			return nil, err
		}
		last, err := c.decodeStored(a.last)
		if err != nil {
			continue // there is nothing to carry over
		}
		mine, err := c.decode(b)
		if err != nil {
			return nil, err
		}
		follow(mine.Values, base.Values, last.Values)
		if mine, err = c.encode(mine.Deadline, mine.Values); err != nil {
			return nil, err
		}
		b = mine.Bytes
	}
	return b, nil
}

// follow applies the changes between base and last to values, where values agree with
// base.
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
