package store

import (
	"context"
	"crypto/rand"

	"github.com/alexedwards/scs/v2"
)

// A Store keeps the sessions of one manager in a [Backend]. To SCS it is a store like
// any other. [Attach] makes one. It is safe for concurrent use.
type Store struct{ core Core }

// Attach makes a Store on backend the store of manager. Call it before the manager
// serves, on every node, also on nodes that only serve HTTP. Set the manager's Codec,
// IdleTimeout and HashTokenInStore before it serves, too. Attach replaces the default
// codec by a [Codec], which reads and writes the same bytes, faster, unless
// Options.KeepCodec is set. It keeps a codec of your own.
//
// From then on commits merge, also with the manager's own LoadAndSave. There, and with
// any other context that can be cancelled and does not come from [Begin], a commit of a
// session that has ended is dropped without an error. A context that a handler derives
// with its own Done channel, as context.WithTimeout does, is not covered: a commit
// through it replaces what is there, as SCS does. [Store.LoadAndSave] covers it.
func Attach(manager *scs.SessionManager, backend Backend, options Options) *Store {
	s := new(Store)
	c := &s.core
	c.manager, c.backend = manager, backend
	c.contextKey = contextKeyOf(manager)
	c.malformed.log = options.Logger
	name, problems := rand.Text(), &problems{log: options.Logger}
	if reporter, ok := backend.(Reporter); ok {
		reporter.Report(problems.report)
	}
	c.news = newNews(name, backend, &c.ends)
	c.talk.name, c.talk.problems = name, problems
	c.talk.speaker, _ = backend.(Speaker)
	c.users = newUsers(options, backend, problems)
	c.limit = sizeLimit(options.MaxBytes)
	if c.limit == 0 {
		c.limit = defaultMaxBytes
	}
	manager.Store = s
	if _, ok := manager.Codec.(scs.GobCodec); ok && !options.KeepCodec {
		manager.Codec = new(Codec)
	}
	return s
}

// SessionID returns the id of the session in ctx, where the manager's Load, LoadAndSave
// or a socket's handler has put it. Events, logs and package plugin name the session by
// its id. It is "" where ctx has no session, or one that was never stored. After
// RenewToken it is already the id of the new token.
func (s *Store) SessionID(ctx context.Context) string {
	c := &s.core
	if ctx.Value(c.contextKey) == nil {
		return ""
	}
	token := c.manager.Token(ctx)
	if token == "" {
		return ""
	}
	key := c.Key(token)
	if tx := c.transactionOf(ctx); tx != nil {
		return ID(tx.resolve(key))
	}
	key, _ = c.bareLists.resolve(key)
	return ID(key)
}

// Core returns the inside of the Store. It is for package plugin: apps have no use for
// it.
func (s *Store) Core() *Core { return &s.core }
