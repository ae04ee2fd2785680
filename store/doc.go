// Package store keeps SCS sessions: it loses nothing that is written at the same time,
// and brings nothing back that has ended.
//
// SCS saves a session as one block of bytes, and the last writer wins. A socket holds a
// session for hours. Its late save would undo what HTTP wrote meanwhile, or bring back
// a session that a logout destroyed. [Attach] puts a [Store] between a manager and a
// [Backend]. A commit then replaces only the bytes that it was made from, and merges by
// key with anything else it finds.
//
//	manager := scs.New()
//	store.Attach(manager, redisstore.New(pool), store.Options{})
//
// The manager is used as before; [Store.LoadAndSave] takes the place of its middleware.
// This package knows nothing of Socket.IO: a node that only serves HTTP attaches its
// manager in the same way.
//
// # For apps
//
// Call [Attach] once, with a backend: [NewMemory], [Wrap], or New of package redisstore.
// Use [Store.LoadAndSave] for pages, and [Begin] in jobs without a request. A save may fail
// with [ErrGone] or [ErrTooLarge]. [Store.SessionID] names the session of a context.
//
// With Options.User the Store knows whose each session is: [Store.SessionsOf] lists a user's
// sessions as [Info], [Store.EndUser] and [Store.EndID] end them on every node.
//
// # For a backend of your own
//
// A [Backend] is four methods on bytes. Its arguments are [Change], [Life] and [Note];
// a Note carries an [Event] of some [Kind]. Keys that begin with [OncePrefix] name no
// sessions. Package storetest tests all that is promised.
//
// Optional interfaces of a backend:
//   - [Lister] lists the sessions, for SCS's Iterate;
//   - [Prober] looks at many sessions at once;
//   - [Comparer] finds out for less than a Find that nothing has changed;
//   - [Roll] keeps which sessions are whose, by the [Owner] of each change, as an [Entry];
//   - [Teller] passes notes on to other processes, over a [Line];
//   - [Speaker] does so without a change of the session, and with what is said;
//   - [Audience] knows whether anybody would hear a note;
//   - [Reporter] tells what no call can return;
//   - [Checker] tells at the start what will never work.
//
// A Line may be an [Ignorer], which drops a Store's own notes by their [NoteHead], a
// [Confirmer], whose Join takes time, a [Pulse], which knows when the backend was last
// heard, and a [Meter], which says how it is.
//
// # For package plugin
//
// [Core], [Snapshot], [Commit], [Watch], [Listener], [Holder] and [Held] serve those who hold a
// session for longer than a request. They may change in any release.
package store
