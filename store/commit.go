package store

import (
	"bytes"
	"context"
	"fmt"
	"time"
)

// A Commit is a change of a session by somebody who holds a snapshot of it.
type Commit struct {
	Key        string
	ID         string    // of the key; found out when empty
	Base, Mine *Snapshot // what the change was made from, and what it made
	// Used is the last use of the session. The commit keeps the session alive
	// accordingly, and never cuts its life short.
	Used time.Time
	// Lasts says that the store keeps the session until Base's deadline as it is.
	Lasts bool
	// Once says that Mine was computed from Base; see [Change].
	Once bool
	// By is the watch of who commits. It does not hear of the commit. nil for none.
	By *Watch

	ancestors []ancestor // what goes on in the session since
}

// id returns the id of the session.
func (c Commit) id() string {
	if c.ID != "" {
		return c.ID
	}
	return ID(c.Key)
}

// Save makes a commit and returns what the store then holds: commit.Mine, merged
// with what others wrote since commit.Base was read. It tries until it succeeds or
// ctx ends; others writing at the same time is no error. Errors: [ErrGone],
// [ErrTooLarge], [ErrMalformed], the backend's or ctx's.
func (c *Core) Save(ctx context.Context, commit Commit) (held *Snapshot, err error) {
	base, mine := commit.Base, commit.Mine
	err = retry(ctx, func() (done bool, err error) {
		held, done, err = c.Swap(ctx, commit)
		if done || err != nil {
			return done, err
		}
		commit.Base = held
		commit.Mine, err = c.rebase(base, mine, held)
		return false, err
	})
	if err != nil {
		return nil, err
	}
	return held, nil
}

// Retry calls attempt until it is done or fails, or ctx ends. Put every loop around
// [Core.Swap] through it: it waits after conflicts, so that all of many writers
// succeed. An attempt that loses prepares the next one from what it found. The error
// is attempt's or ctx's.
func (*Core) Retry(ctx context.Context, attempt func() (done bool, err error)) error {
	return retry(ctx, attempt)
}

// Swap makes a commit if the store still holds commit.Base, and then returns
// commit.Mine. Otherwise ok is false and current is what the store holds. Errors:
// [ErrGone], [ErrTooLarge], [ErrMalformed], or the backend's.
func (c *Core) Swap(ctx context.Context, commit Commit) (current *Snapshot, ok bool, err error) {
	if c.limit.exceeded(commit.Mine.Bytes, commit.Base.Bytes) {
		return c.swapOversized(ctx, commit)
	}
	placing, err := c.place(commit)
	if err != nil {
		return nil, false, err
	}
	event := c.eventOf(commit)
	change := Change{
		Old: commit.Base.Bytes, New: commit.Mine.Bytes,
		Life:  c.Life(commit.Mine.Deadline, commit.Used),
		Keeps: commit.Lasts && commit.Base.Deadline.Equal(commit.Mine.Deadline),
		Note:  c.news.note(event),
		Once:  commit.Once, Owner: placing.owner,
	}
	if event.ID == "" && !bytes.Equal(change.Old, change.New) {
		change.Unheard = commit.id()
	}
	found, ok, err := c.backend.Swap(ctx, commit.Key, change)
	switch {
	case err != nil:
		c.news.tell(Event{ID: commit.id(), Kind: Missed}, nil) // it may have been made
		return nil, false, fmt.Errorf("store: save: %w", err)
	case ok:
		if event.ID != "" {
			c.news.tell(event, commit.By)
		} else if late := c.eventOf(commit); late.ID != "" {
			c.tellLate(ctx, late, commit.By)
		}
		c.placed(ctx, placing)
		return commit.Mine, true, nil
	case found == nil:
		return nil, false, ErrGone
	}
	current, err = c.decodeStored(found)
	return current, false, err
}

// tellLate tells of a change of which nobody would have heard when it was about to
// be made: somebody has begun to listen since, and may have loaded what was before.
func (c *Core) tellLate(ctx context.Context, event Event, by *Watch) {
	if speaker, ok := c.backend.(Speaker); ok {
		_ = speaker.Say(context.WithoutCancel(ctx), c.news.note(event))
	}
	c.news.tell(event, by)
}

// swapOversized is the Swap of a commit that is too large for its base. It fails,
// unless what is stored by now is larger: then the commit has lost, and may be tried
// again.
func (c *Core) swapOversized(ctx context.Context, commit Commit) (current *Snapshot, ok bool, err error) {
	found, _, ok, err := c.backend.Find(ctx, commit.Key)
	switch {
	case err != nil:
		return nil, false, fmt.Errorf("store: save: %w", err)
	case !ok:
		return nil, false, ErrGone
	case c.limit.exceeded(commit.Mine.Bytes, found):
		return nil, false, ErrTooLarge
	}
	current, err = c.decodeStored(found)
	return current, false, err
}

// eventOf returns the event of a commit, none where nothing has changed or nobody
// would hear of it. It compares bytes: whoever holds a snapshot may be changing a map
// or slice among its values in place.
func (c *Core) eventOf(commit Commit) Event {
	id := commit.id()
	if bytes.Equal(commit.Base.Bytes, commit.Mine.Bytes) || !c.news.followed(id, commit.By) {
		return Event{}
	}
	event := Event{ID: id, Kind: Changed}
	if differPlainly(commit.Base.Values, commit.Mine.Values) && (!arePlain(commit.Base.Values) || !arePlain(commit.Mine.Values)) {
		return event // to find out which keys changed, both would have to be decoded
	}
	base, err := c.decodeCertainly(commit.Base)
	if err != nil {
		return event
	}
	mine, err := c.decodeCertainly(commit.Mine)
	if err != nil {
		return event
	}
	event.Keys = changedKeys(base.Values, mine.Values)
	if len(event.Keys) == 0 && base.Deadline.Equal(mine.Deadline) {
		return Event{} // only a map's order
	}
	return event
}

// saveBytes is Save of a commit of which only the bytes are known. It returns them
// decoded. It checks the size first, which costs less than to decode.
func (c *Core) saveBytes(ctx context.Context, commit Commit) (mine *Snapshot, err error) {
	if c.limit.exceeded(commit.Mine.Bytes, commit.Base.Bytes) {
		if _, _, err := c.swapOversized(ctx, commit); err != nil {
			return nil, err
		}
	}
	if mine, err = c.decode(commit.Mine.Bytes); err != nil {
		return nil, err
	}
	commit.Mine = mine
	_, err = c.Save(ctx, commit)
	return mine, err
}
