package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/alexedwards/scs/v2"
)

var (
	_ scs.CtxStore         = (*Store)(nil)
	_ scs.IterableCtxStore = (*Store)(nil)
)

// FindCtx implements scs.CtxStore. What it finds becomes the base of a later
// commit in the same transaction.
func (s *Store) FindCtx(ctx context.Context, key string) ([]byte, bool, error) {
	if tx := s.transactionOf(ctx); tx != nil {
		if tx.held != nil && callCause() == causeMerge {
			return nil, false, ErrNoCookie
		}
		key = tx.resolve(key)
	}
	if isOnce(key) {
		return nil, false, nil // a cookie that names what is no session
	}
	s.settle(key)
	b, _, ok, err := s.backend.Find(ctx, key)
	if err != nil {
		return nil, false, fmt.Errorf("store: load: %w", err)
	}
	if ok {
		if tx := s.begin(ctx); tx != nil {
			tx.read(key, b)
		}
	}
	return b, ok, nil
}

// CommitCtx implements scs.CtxStore. In a transaction it merges; see [Begin].
// Without one it replaces what is there, as SCS does, but brings back no
// session that is known to have ended.
func (s *Store) CommitCtx(ctx context.Context, key string, b []byte, expiry time.Time) error {
	tx := s.transactionOf(ctx)
	if tx == nil && ctx.Err() != nil {
		return ctx.Err() // it may have had one, which is forgotten
	}
	if tx == nil {
		return s.replace(ctx, key, b, expiry)
	}
	key = tx.resolve(key)
	as := viewer{key, ctx.Value(s.contextKey)}
	base, err := tx.base(as)
	if err != nil {
		return err
	}
	if base == nil {
		return s.create(ctx, tx, as, b, expiry)
	}
	if tx.held == nil || tx.lists(key) {
		s.settle(key)
	}
	mine, err := s.merge(ctx, Commit{Key: key, Base: base, Mine: &Snapshot{Bytes: b}, Used: time.Now()})
	if err != nil {
		if tx.implicit && errors.Is(err, ErrGone) {
			return nil // the manager's own LoadAndSave would answer 500
		}
		return err
	}
	// The next base is our own view. With the merged bytes for a base, keys
	// that others added would look like ones that we removed.
	tx.wrote(as, mine)
	return nil
}

// merge saves a commit of which only the bytes are known, and returns them decoded:
// what is too large is not worth that.
func (s *Store) merge(ctx context.Context, c Commit) (mine *Snapshot, err error) {
	if s.tooLarge(c.Mine.Bytes, c.Base.Bytes) {
		if _, _, err := s.oversize(ctx, c); err != nil {
			return nil, err
		}
	}
	if mine, err = s.decode(c.Mine.Bytes); err != nil {
		return nil, err
	}
	c.Mine = mine
	_, err = s.Save(ctx, c)
	return mine, err
}

// DeleteCtx implements scs.CtxStore. A renewal is told when the new token has
// been committed: a client that comes back then has its new cookie.
func (s *Store) DeleteCtx(ctx context.Context, key string) error {
	tx := s.transactionOf(ctx)
	why := callCause()
	if tx == nil {
		key, _ = s.listed.resolve(key)
	} else {
		key = tx.resolve(key)
	}
	if tx != nil && tx.held != nil && !tx.lists(key) {
		if _, err := tx.held.Base(nil); err != nil {
			return err
		}
	}
	if tx != nil && tx.held != nil && why != causeDestroy {
		return ErrNoCookie
	}
	switch {
	case why == causeDestroy:
		_, err := s.end(ctx, key, Destroyed, true)
		if tx == nil || err != nil || tx.lists(key) {
			return err
		}
		s.abandon(tx, Destroyed)
		return s.sweep(ctx, tx, Destroyed)
	case why == causeRenew && tx != nil:
		yielded := s.yield(key)
		last, err := s.end(ctx, key, Renewed, false)
		yielded(err == nil)
		if err == nil {
			tx.renewed(key, last)
		}
		return err
	}
	yielded := s.yield(key)
	_, err := s.end(ctx, key, Renewed, true)
	yielded(err == nil)
	return err
}

// Find implements scs.Store.
func (s *Store) Find(key string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), key)
}

// Commit implements scs.Store.
func (s *Store) Commit(key string, b []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), key, b, expiry)
}

// Delete implements scs.Store.
func (s *Store) Delete(key string) error { return s.DeleteCtx(context.Background(), key) }

// create stores a session whose token is new in this transaction. After a
// RenewToken it carries over what others wrote between the load and then.
func (s *Store) create(ctx context.Context, tx *transaction, as viewer, b []byte, expiry time.Time) error {
	key, old := as.key, tx.former()
	if s.ends.of(ID(key)) != "" || old.key != "" && old.last == nil {
		// It has ended since it was listed, or had before it was renewed: nothing of it may go on.
		if tx.implicit {
			return nil
		}
		return ErrGone
	}
	if !s.fitsAnew(b, old) {
		return ErrTooLarge
	}
	if err := s.sweep(ctx, tx, Renewed); err != nil {
		return err
	}
	merged, err := s.carryOver(old, b)
	if err != nil {
		return err
	}
	event := Event{}
	if old.key != "" {
		event = Event{ID: ID(old.key), Kind: Renewed}
	}
	found, ok, err := s.backend.Swap(ctx, key, Change{New: merged, Life: Life{expiry, expiry}, Note: s.news.note(event)})
	if err != nil {
		return fmt.Errorf("store: create: %w", err)
	}
	if !ok && tx.implicit {
		return s.replace(ctx, key, b, expiry) // its base was forgotten
	}
	if !ok && found != nil {
		// Ours, if it was made before and only the answer was lost.
		ok, err = s.Same(&Snapshot{Bytes: found}, &Snapshot{Bytes: merged})
	}
	if err != nil || !ok {
		return errors.Join(errors.New("store: create: the token of a new session is taken"), err)
	}
	tx.settle()
	s.news.tell(event, nil)
	tx.wrote(as, &Snapshot{Bytes: b})
	return nil
}

// abandon tells of the end of a session whose renewal will not be committed.
func (s *Store) abandon(tx *transaction, why Kind) {
	if old := tx.former(); old.key != "" {
		tx.settle()
		s.news.tell(Event{ID: ID(old.key), Kind: why}, nil)
	}
}

// carryOver returns b with what others changed in the session that it renews.
func (s *Store) carryOver(old former, b []byte) ([]byte, error) {
	if old.base == nil || old.last == nil || bytes.Equal(old.base.Bytes, old.last) {
		return b, nil
	}
	mine, err := s.decode(b)
	if err != nil {
		return nil, err
	}
	if _, err := s.decodeStored(old.last); err != nil {
		return b, nil // nothing that could be carried
	}
	merged, err := s.Rebase(old.base, mine, &Snapshot{Bytes: old.last})
	if err != nil {
		return nil, err
	}
	merged, err = s.Encode(mine.Deadline, merged.Values) // a renewal has a deadline of its own
	if err != nil {
		return nil, err
	}
	return merged.Bytes, nil
}

// replace stores b over whatever is under key. What Iterate has listed must be
// there.
func (s *Store) replace(ctx context.Context, key string, b []byte, expiry time.Time) error {
	key, listed := s.listed.resolve(key)
	s.settle(key)
	if s.ends.of(ID(key)) != "" {
		return ErrGone
	}
	change := Change{New: b, Life: Life{expiry, expiry}}
	if listed || s.tooLarge(b, nil) {
		found, _, ok, err := s.backend.Find(ctx, key)
		if err != nil {
			return fmt.Errorf("store: commit: %w", err)
		}
		if !ok && listed {
			return ErrGone
		}
		change.Old = found
	}
	for attempt := 0; ; attempt++ {
		if s.tooLarge(b, change.Old) {
			return ErrTooLarge
		}
		found, ok, err := s.backend.Swap(ctx, key, change)
		if ok && err == nil {
			s.news.tell(change.Note.Event, nil)
			return nil
		}
		if err == nil {
			err = Backoff(ctx, attempt)
		}
		if err != nil {
			return fmt.Errorf("store: commit: %w", err)
		}
		if found == nil && listed {
			return ErrGone
		}
		change.Old = found
		change.Note = s.news.note(Event{ID: ID(key), Kind: Changed})
	}
}
