// Package live holds the sessions that this process uses. It loads a session when
// its first member joins, merges what members and others write, saves it, and ends
// it. It knows a store and a [Host]; sockets, HTTP and go-socket.io are the host's.
//
// A [Book] has one [Entry] for each session. An entry has a turn for its handlers, a
// draft of the session, a clock, a freshness, and an exchange with the store. A
// member's handlers and goroutines work on it through a [Use], which is what SCS
// takes for a context. All of them share an env: the store, the host, the settings.
//
// Locks, outermost first: an entry's turn, view.mu and exchange.mu are one session's;
// handlers, the codec and the store take their time under them. The others guard
// fields, nothing that waits runs under them; prober, register, draft, clock nest so.
//
// SCS holds a lock of its own when it calls the store, and from there [Use.Value] and
// the methods of [store.Held]: they take only locks that guard fields.
package live
