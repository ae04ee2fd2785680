package store

import (
	"context"
	"sync"
)

// A transaction remembers what SCS read through a context, so that a commit
// through the same context can tell its own changes from those of others.
type transaction struct {
	// view, in a socket's transaction, returns what the store last held.
	view func() (*Snapshot, error)

	mu    sync.Mutex
	bases map[string]*Snapshot // by store key; only their Bytes are set
}

type transactionKey struct{}

// Begin returns a context with a transaction: a commit through it, by any call
// of SCS's, changes only what was changed since the load through it, and fails
// with [ErrGone] when the session has ended meanwhile. [Store.LoadAndSave]
// begins one for each request.
func Begin(ctx context.Context) context.Context {
	return context.WithValue(ctx, transactionKey{}, &transaction{})
}

// BeginSocket is Begin for the session of a socket, which was loaded by other
// means: base returns what the store last held of it, or the error of every
// call that would write. RenewToken and MergeSession through the context return
// [ErrNoCookie].
func BeginSocket(ctx context.Context, base func() (*Snapshot, error)) context.Context {
	return context.WithValue(ctx, transactionKey{}, &transaction{view: base})
}

func transactionIn(ctx context.Context) *transaction {
	tx, _ := ctx.Value(transactionKey{}).(*transaction)
	return tx
}

// read makes b the base of commits under key, unless it has one: against an
// older base no change of others is undone.
func (t *transaction) read(key string, b []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.bases[key] == nil {
		t.set(key, b)
	}
}

// wrote makes b, which was committed under key, the base of the next commit.
func (t *transaction) wrote(key string, b []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.set(key, b)
}

// set is called with t.mu held.
func (t *transaction) set(key string, b []byte) {
	if t.bases == nil {
		t.bases = make(map[string]*Snapshot, 1)
	}
	t.bases[key] = &Snapshot{Bytes: b}
}

// base returns the base of a commit under key, nil for a token that this
// transaction has not read.
func (t *transaction) base(key string) (*Snapshot, error) {
	if t.view != nil {
		return t.view()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.bases[key], nil
}
