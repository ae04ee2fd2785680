package store

import (
	"context"
	"sync"
)

// Begin returns a context with a transaction, for the manager's Load:
//
//	ctx, err := manager.Load(store.Begin(ctx), token)
//
// A commit through it, by any call of SCS's, writes only what was changed since the load
// through it. It returns [ErrGone] if the session has ended meanwhile. [Store.LoadAndSave]
// begins a transaction for each request; call Begin where there is no request.
func Begin(ctx context.Context) context.Context {
	return context.WithValue(ctx, begunKey{}, new(begun))
}

// BeginSocket is [Begin] for a socket's session, which was loaded by other means. key
// is its store key and token what SCS calls it: where the token is not known, a
// stand-in that nobody else uses. Both are "" where there is no session. RenewToken
// and MergeSession through the context return [ErrNoCookie].
func (c *Core) BeginSocket(ctx context.Context, key, token string, held Held) context.Context {
	return context.WithValue(ctx, socketKey{c}, &transaction{held: held, key: key, named: c.Key(token)})
}

type (
	begunKey  struct{}
	socketKey struct{ core *Core }
)

// begun holds the transactions of one Begin, one for each Store that is used through
// its context. It has its own lock.
type begun struct {
	mu           sync.Mutex
	transactions map[*Core]*transaction
}

func (b *begun) of(c *Core) *transaction {
	b.mu.Lock()
	defer b.mu.Unlock()
	tx := b.transactions[c]
	if tx == nil {
		if b.transactions == nil {
			b.transactions = make(map[*Core]*transaction, 1)
		}
		tx = new(transaction)
		b.transactions[c] = tx
	}
	return tx
}

// transactionOf returns the transaction of a context, nil when it has none.
func (c *Core) transactionOf(ctx context.Context) *transaction {
	if tx, ok := ctx.Value(socketKey{c}).(*transaction); ok {
		return tx
	}
	if begun, ok := ctx.Value(begunKey{}).(*begun); ok {
		return begun.of(c)
	}
	if done := ctx.Done(); done != nil {
		if tx, ok := c.implicit.Load(done); ok {
			return tx.(*transaction)
		}
	}
	return nil
}

// maxImplicit bounds the bases of an implicit transaction. A request reads one or two
// sessions, but a worker with a long-lived context may read all.
const maxImplicit = 64

// beginImplicitly returns the transaction of a context. Where there is none it begins
// one, under the Done channel: the manager's own LoadAndSave passes the request's
// context, which has such a channel of its own. The transaction ends when the channel
// closes, and what it has not committed by then is given up. A context that is never
// done has no transaction. A context with another Done channel, as from
// context.WithTimeout, has another transaction.
func (c *Core) beginImplicitly(ctx context.Context) *transaction {
	if tx := c.transactionOf(ctx); tx != nil || ctx.Done() == nil {
		return tx
	}
	begun := &transaction{implicit: true, bases: bases{max: maxImplicit}}
	found, loaded := c.implicit.LoadOrStore(ctx.Done(), begun)
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
