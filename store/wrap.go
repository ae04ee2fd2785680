package store

import (
	"bytes"
	"context"
	"time"

	"github.com/alexedwards/scs/v2"
)

// Wrap makes a [Backend] of an SCS store. It calls the Ctx methods of inner where
// there are any. The bytes that inner's Find returns must stay as they are: boltstore
// does not fit, since its next commit overwrites them.
//
// No SCS store can compare and swap, so Wrap locks: the writers of this process that
// use this Backend are safe from each other. Wrap cannot guarantee more. A writer in
// another process, or one that uses inner directly, can overwrite what this process
// wrote, or bring back a session that it ended. Nor can Wrap tell when a session
// expires: an older use can cut short what a later one has gained. With several nodes,
// use package redisstore or a Backend of your own.
func Wrap(inner scs.Store) Backend {
	return &wrapped{inner: inner}
}

type wrapped struct {
	inner scs.Store
	locks keyLocks
}

var _ Lister = (*wrapped)(nil)

func (w *wrapped) Find(ctx context.Context, key string) ([]byte, time.Time, bool, error) {
	b, ok, err := w.find(ctx, key)
	return b, time.Time{}, ok, err
}

func (w *wrapped) Swap(ctx context.Context, key string, change Change) ([]byte, bool, error) {
	if err := w.locks.lock(ctx, key); err != nil {
		return nil, false, err
	}
	defer w.locks.unlock(key)
	current, ok, err := w.find(ctx, key)
	if err != nil {
		return nil, false, err
	}
	if ok != (change.Old != nil) || !bytes.Equal(current, change.Old) {
		return current, false, nil
	}
	if err := w.commit(ctx, key, change.New, change.Life.After(time.Time{})); err != nil {
		return nil, false, err
	}
	return change.New, true, nil
}

// Touch writes the bytes again. An SCS store has no other way to move an expiry.
func (w *wrapped) Touch(ctx context.Context, key string, life Life) (bool, error) {
	if err := w.locks.lock(ctx, key); err != nil {
		return false, err
	}
	defer w.locks.unlock(key)
	b, ok, err := w.find(ctx, key)
	if err != nil || !ok {
		return false, err
	}
	return true, w.commit(ctx, key, b, life.After(time.Time{}))
}

func (w *wrapped) Delete(ctx context.Context, key string, _ Note) ([]byte, error) {
	if err := w.locks.lock(ctx, key); err != nil {
		return nil, err
	}
	defer w.locks.unlock(key)
	last, _, err := w.find(ctx, key)
	if err != nil {
		return nil, err
	}
	if inner, ok := w.inner.(scs.CtxStore); ok {
		return last, inner.DeleteCtx(ctx, key)
	}
	return last, w.inner.Delete(key)
}

// All returns [ErrNoList] when the inner store cannot be iterated.
func (w *wrapped) All(ctx context.Context) (map[string][]byte, error) {
	switch inner := w.inner.(type) {
	case scs.IterableCtxStore:
		return inner.AllCtx(ctx)
	case scs.IterableStore:
		return inner.All()
	}
	return nil, ErrNoList
}

func (w *wrapped) find(ctx context.Context, key string) (b []byte, ok bool, err error) {
	if inner, is := w.inner.(scs.CtxStore); is {
		b, ok, err = inner.FindCtx(ctx, key)
	} else {
		b, ok, err = w.inner.Find(key)
	}
	if !ok {
		b = nil
	}
	return b, ok, err
}

func (w *wrapped) commit(ctx context.Context, key string, b []byte, expiry time.Time) error {
	if inner, ok := w.inner.(scs.CtxStore); ok {
		return inner.CommitCtx(ctx, key, b, expiry)
	}
	return w.inner.Commit(key, b, expiry)
}
