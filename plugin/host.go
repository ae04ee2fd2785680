package plugin

import (
	"math/rand/v2"
	"time"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/live"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// host is the Sessions as the book of sessions calls it.
type host struct{ *Sessions }

var (
	_ live.Host   = host{}
	_ live.Member = (*socket)(nil)
)

func (s *Sessions) liveConfig() live.Config {
	config := live.Config{
		Manager:       s.manager,
		Store:         s.store,
		FlushInterval: s.options.FlushInterval,
		MaxStale:      s.options.MaxStale,
		ProbeInterval: s.options.ProbeInterval,
		StoreGrace:    s.options.StoreGrace,
		KeepAlive:     s.options.KeepAlive,
		MaxSeats:      s.options.MaxSocketsPerSession,
	}
	if s.seen.Loaded != nil {
		config.Loaded = s.seen.loaded
	}
	if s.seen.Saved != nil {
		config.Saved = s.seen.saved
	}
	if s.seen.Conflicted != nil {
		config.Conflicted = s.seen.conflicted
	}
	return config
}

// socketsOf returns the sockets of a session.
func socketsOf(e *live.Entry) []*socket {
	members := e.Members()
	sockets := make([]*socket, len(members))
	for i, m := range members {
		sockets[i] = m.(*socket)
	}
	return sockets
}

// Ended implements [live.Host].
func (s host) Ended(e *live.Entry, end *live.End) {
	why := refusalOfEnd(end)
	for _, so := range socketsOf(e) {
		so.sendOut(why)
	}
}

// Away implements [live.Host]: each socket goes at a moment of its own, unless the
// store is back by then.
func (s host) Away(e *live.Entry) {
	for _, so := range socketsOf(e) {
		if !so.hold() {
			continue
		}
		go func() { // ends with the socket
			pause := time.NewTimer(rand.N(live.Departure)) //nolint:gosec // jitter is no secret
			defer pause.Stop()
			select {
			case <-pause.C:
			case <-so.left.Done():
			}
			if !s.book.Failing() {
				s.running.Done()
				return
			}
			so.expel(refusal(CodeStoreError))
		}()
	}
}

// Changed implements [live.Host]: the other sockets hear of it.
func (s host) Changed(e *live.Entry, from, to *store.Snapshot, by live.Member) {
	if !s.tellsChanges || from == to {
		return
	}
	keys := to.Since(from)
	if len(keys) == 0 {
		return
	}
	for _, so := range socketsOf(e) {
		if live.Member(so) != by && so.namespace.onChange != nil {
			so.noteChange(keys)
		}
	}
}

// Saved implements [live.Host].
func (s host) Saved(e *live.Entry, from, to *store.Snapshot) { s.cookieChanged(e, from, to) }

// Said implements [live.Host].
func (s host) Said(e *live.Entry, data []byte) { s.deliver(e, data) }

// Failed implements [live.Host].
func (s host) Failed(stage, id string, err error) { s.report(stage, id, err) }
