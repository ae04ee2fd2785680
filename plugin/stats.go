package plugin

import (
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// Stats is what a [Sessions] has and waits for at a moment, in this process. What comes
// and goes an [Observer] hears.
type Stats struct {
	// Connections is how many clients are connected that have asked for a namespace of
	// the plugin's, with those that have left while their OnDisconnect or their last save
	// is not over. Anonymous is how many of them are in without a session.
	Connections, Anonymous int

	// Draining says that Drain or Close was called. Connections then says how many are
	// left.
	Draining bool

	// Sessions is how many sessions are in memory: those that have sockets, or changes
	// that are not saved yet.
	Sessions int

	// Unsaved is how many sessions hold changes that the store does not have, and
	// OldestUnsaved is for how long the oldest of these changes has waited. That is
	// Options.FlushInterval at most, and the time of a save, while the store answers.
	Unsaved       int
	OldestUnsaved time.Duration

	// StoreFailing says that the store has failed since it last answered.
	StoreFailing bool

	// WaitingBytes is how much waits for all clients together, and MaxWaitingBytes how
	// much may: see transport.Options. Both are 0 on go-socket.io's own transports.
	WaitingBytes, MaxWaitingBytes int64

	// Notes is the line on which this process hears what others do to its sessions, and
	// Messages the one on which it hears their Emit and Disconnect. They are nil until
	// there is a session, and where the store has none, as in memory.
	Notes, Messages *store.LineState
}

// Stats returns what the Sessions have and wait for now. It looks at every session in
// memory, which takes a millisecond where there are thousands; it asks neither the store
// nor an app's function.
func (s *Sessions) Stats() (now Stats) {
	now.Connections, now.Anonymous = s.common.registry.counts()
	now.Draining = s.Ready() != nil
	book := s.common.book
	now.Sessions, now.StoreFailing = book.Len(), book.Failing()
	now.Unsaved, now.OldestUnsaved = book.Backlog()
	now.WaitingBytes, now.MaxWaitingBytes = s.common.gate.waiting()
	now.Notes, now.Messages = s.attached.Core().Lines()
	return now
}
