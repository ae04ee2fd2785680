package store

import (
	"context"
	"sync"
)

// A transaction remembers what SCS read through a context, so that a commit
// through the same context can tell its own changes from those of others.
type transaction struct {
	// held is the session of a socket's transaction, nil in others. Its store key
	// is key, and SCS calls it named.
	held       Held
	key, named string

	// implicit marks the transaction of a context that nobody began one in.
	implicit bool

	mu    sync.Mutex
	bases map[string]*Snapshot // by store key; only their Bytes are set

	// shared has the keys that were read more than once: their base serves all
	// those loads. views has the bases of those who have one of their own by now.
	shared map[string]struct{}
	views  map[viewer]*Snapshot

	listed listing
	lineage
	broken string // the key of a session that does not decode

	browser *cookie // what the browser has; nil outside of LoadAndSave
	send    bool    // it is sent in any case
}

// A viewer is one of several in a transaction that hold a session: SCS's data of it.
type viewer struct {
	key  string
	data any
}

// A scope holds the transactions that were begun with a context, one for each
// Store that is used through it.
type scope struct {
	mu           sync.Mutex
	transactions map[*Core]*transaction
}

type (
	scopeKey  struct{}
	socketKey struct{ core *Core }
)

// Begin returns a context with a transaction: a commit through it, by any call
// of SCS's, changes only what was changed since the load through it, and fails
// with [ErrGone] when the session has ended meanwhile. [Store.LoadAndSave]
// begins one for each request.
func Begin(ctx context.Context) context.Context {
	return context.WithValue(ctx, scopeKey{}, new(scope))
}

// A Held is a session that somebody holds for longer than a request lasts, as
// the transaction of its context sees it. data is SCS's session data, which the
// context shows: nil where it does not matter. SCS holds its lock when these are
// called, and when the context is asked for data, so neither may wait for anything
// that calls SCS.
type Held interface {
	// Base returns the snapshot that the changes in data count from, nil where the
	// session does not show data, or the error of every call that would write.
	Base(data any) (*Snapshot, error)

	// Wrote hears that a commit has succeeded: mine is what data was, and further
	// changes count from there.
	Wrote(data any, mine *Snapshot)
}

// BeginSocket is [Begin] for the session of a socket, which was loaded by other
// means: that under a store key, which SCS knows by token. Where the token is not
// known, it is a stand-in that nobody else uses; both are empty where there is no
// session. RenewToken and MergeSession through the context return [ErrNoCookie].
func (c *Core) BeginSocket(ctx context.Context, key, token string, held Held) context.Context {
	return context.WithValue(ctx, socketKey{c}, &transaction{held: held, key: key, named: c.Key(token)})
}

// transactionOf returns the transaction of a context, nil when it has none.
func (c *Core) transactionOf(ctx context.Context) *transaction {
	if tx, ok := ctx.Value(socketKey{c}).(*transaction); ok {
		return tx
	}
	if begun, ok := ctx.Value(scopeKey{}).(*scope); ok {
		return begun.of(c)
	}
	if done := ctx.Done(); done != nil {
		if tx, ok := c.implicit.Load(done); ok {
			return tx.(*transaction)
		}
	}
	return nil
}

func (s *scope) of(c *Core) *transaction {
	s.mu.Lock()
	defer s.mu.Unlock()
	tx := s.transactions[c]
	if tx == nil {
		if s.transactions == nil {
			s.transactions = make(map[*Core]*transaction, 1)
		}
		tx = new(transaction)
		s.transactions[c] = tx
	}
	return tx
}

// maxImplicit bounds the bases of an implicit transaction: one request reads
// one session or two, and a worker whose context lives for long may read all.
const maxImplicit = 64

// begin returns the transaction of a context, and begins one where there is
// none: the manager's own LoadAndSave passes the request's context, which has a
// Done channel of its own. It is forgotten when that closes, and what it has not
// committed by then is given up. A context that is never done has none, and one with a Done channel of its own, as from
// context.WithTimeout, has another.
func (c *Core) begin(ctx context.Context) *transaction {
	if tx := c.transactionOf(ctx); tx != nil || ctx.Done() == nil {
		return tx
	}
	found, loaded := c.implicit.LoadOrStore(ctx.Done(), &transaction{implicit: true})
	tx := found.(*transaction)
	if !loaded {
		done := ctx.Done()
		context.AfterFunc(ctx, func() {
			c.implicit.Delete(done)
			c.abandon(ctx, tx)
		})
	}
	return tx
}

// read makes b the base of commits under key, unless it has one: against an
// older base no change of others is undone.
func (t *transaction) read(key string, b []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.bases[key] == nil {
		t.set(key, b)
	} else {
		t.shareLocked(key)
	}
}

func (t *transaction) shareLocked(key string) {
	if t.shared == nil {
		t.shared = make(map[string]struct{})
	}
	t.shared[key] = struct{}{}
}

func (t *transaction) viewLocked(as viewer, base *Snapshot) {
	if t.views == nil {
		t.views = make(map[viewer]*Snapshot)
	}
	t.views[as] = base
}

// wrote makes mine, which was committed, the base of the next commit.
func (t *transaction) wrote(as viewer, mine *Snapshot) {
	if t.holds(as.key) {
		t.held.Wrote(as.data, mine)
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	_, shared := t.shared[as.key]
	switch {
	case shared || t.views[as] != nil:
		t.viewLocked(as, &Snapshot{Bytes: mine.Bytes})
	case t.bases[as.key] == nil && t.listed.has(as.key):
		t.listed.bytes[as.key] = mine.Bytes
	default:
		t.set(as.key, mine.Bytes)
	}
}

// set is called with t.mu held.
func (t *transaction) set(key string, b []byte) {
	if t.bases == nil || t.implicit && len(t.bases) == maxImplicit {
		t.bases = make(map[string]*Snapshot, 1)
		t.shared, t.views = nil, nil
	}
	t.bases[key] = &Snapshot{Bytes: b}
}

// holds tells whether a key is that of the socket's session.
func (t *transaction) holds(key string) bool { return t.held != nil && key == t.key }

// base returns the base of a commit, nil for a token that this transaction has
// not read.
func (t *transaction) base(as viewer) (*Snapshot, error) {
	if t.held != nil {
		own, err := t.held.Base(as.data)
		if err != nil || t.holds(as.key) && own != nil {
			return own, err
		}
	}
	t.mu.Lock()
	base := t.baseLocked(as)
	t.mu.Unlock()
	if base == nil && t.held != nil {
		return nil, ErrGone // its own session has ended, and no other can begin
	}
	return base, nil
}

func (t *transaction) baseLocked(as viewer) *Snapshot {
	if view := t.views[as]; view != nil {
		return view
	}
	if base := t.bases[as.key]; base != nil {
		return base
	}
	if t.listed.has(as.key) {
		return &Snapshot{Bytes: t.listed.bytes[as.key]}
	}
	return nil
}
