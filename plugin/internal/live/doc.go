// Package live holds the sessions that this process uses. It loads a session when
// its first member joins, merges what members and others write, saves it, and ends
// it. It knows a store and a [Host]; sockets, HTTP and go-socket.io are the host's.
//
// A [Book] has one [Entry] for each session. A member's handlers and goroutines
// work on it through a [Use], which is what SCS takes for a context.
//
// Locks, outermost first; each may be taken while those before it are held:
// an entry's turn (a handler runs), view.mu (a view is read back or shown what is
// new, over the codec and the store), exchange (one exchange with the store),
// Book.mu and entry.mu (fields only; nothing is called under them). SCS holds a lock
// of its own when it calls the store, and from there [Use.Value] and the two
// methods of [store.Held]: they take entry.mu and Use.mu only.
package live
