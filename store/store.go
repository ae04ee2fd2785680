package store

import (
	"context"
	"crypto/sha256"
	"encoding/base64"

	"github.com/alexedwards/scs/v2"
)

// A Store keeps the sessions of one manager in a [Backend]. To SCS it is a store
// like any other. [Attach] makes one. It is safe for concurrent use.
type Store struct{ core Core }

// Attach makes a Store on backend the store of manager. Call it before the
// manager serves, on every node, also on those that only serve HTTP. The
// manager's Codec, IdleTimeout and HashTokenInStore are honoured; set them
// before serving too. From then on commits merge, also through the manager's
// own LoadAndSave: there a commit of a session that has ended is dropped
// without an error, as it is with any context that can be cancelled and was not
// made by [Begin]. A context that a handler derives with a Done channel of its
// own, as context.WithTimeout does, is outside of that; [Store.LoadAndSave]
// covers it. The default codec is replaced by a [Codec], which reads and writes
// the same, faster, unless [Options] say otherwise; one of your own is kept.
func Attach(manager *scs.SessionManager, backend Backend, options Options) *Store {
	s := new(Store)
	s.core.manager, s.core.backend = manager, backend
	s.core.contextKey = contextKeyOf(manager)
	s.core.malformed.log = options.Logger
	s.core.news = newNews(backend, &s.core.ends)
	if s.core.maxBytes = options.MaxBytes; s.core.maxBytes == 0 {
		s.core.maxBytes = defaultMaxBytes
	}
	manager.Store = s
	if _, ok := manager.Codec.(scs.GobCodec); ok && !options.KeepCodec {
		manager.Codec = new(Codec)
	}
	return s
}

// SessionID returns the id of the session in ctx, as the manager's Load, LoadAndSave
// or a socket's handler has it: the public name that events, logs and package
// plugin know it by. It is "" where ctx has no session, or one that was never
// stored. After RenewToken it is already the id of the new token.
func (s *Store) SessionID(ctx context.Context) string {
	data := ctx.Value(s.core.contextKey)
	if data == nil {
		return ""
	}
	token := s.core.manager.Token(ctx)
	if token == "" {
		return ""
	}
	key := s.core.Key(token)
	if tx := s.core.transactionOf(ctx); tx != nil {
		return ID(tx.resolve(key))
	}
	key, _ = s.core.listed.resolve(key)
	return ID(key)
}

// ID returns the public name of the session under a store key: it names the
// session in logs, events and pages, and does not lead back to the token.
func ID(key string) string {
	hash := sha256.Sum256([]byte(key))
	return base64.RawURLEncoding.EncodeToString(hash[:])
}
