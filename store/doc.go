// Package store keeps SCS sessions so that nothing written at the same time is
// lost and nothing that ended comes back.
//
// SCS saves a session as one block of bytes, last writer wins. A socket holds
// a session for hours, so its late save would undo what HTTP wrote meanwhile,
// or bring back a session that a logout destroyed. [Attach] puts a [Store]
// between a manager and a [Backend]: a commit replaces only the bytes that it
// was made from, and merges by key with whatever else it finds.
//
//	manager := scs.New()
//	store.Attach(manager, redisstore.New(pool), store.Options{})
//
// The manager is then used as ever; [Store.LoadAndSave] takes the place of its
// middleware. This package knows nothing of Socket.IO: a node that only serves
// HTTP attaches its manager in the same way.
package store
