package plugin

import (
	"math/rand/v2"
	"time"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/live"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// host is what the book of sessions calls. It tells a session's sockets what becomes of
// the session.
type host struct {
	common  *common
	cookies cookies
}

var (
	_ live.Host   = host{}
	_ live.Member = (*socket)(nil)
)

// Ended implements [live.Host].
func (h host) Ended(e *live.Entry, end *live.End) {
	why := refusalOfEnd(end)
	h.common.seen.ended(why.Code)
	for _, so := range socketsOf(e) {
		so.sendOut(why)
	}
}

// Away implements [live.Host]. Each socket goes at a random moment, unless the store is
// back by then.
func (h host) Away(e *live.Entry) {
	for _, so := range socketsOf(e) {
		if !h.common.registry.hold(so) {
			continue
		}
		go func() { // ends with the socket
			pause := time.NewTimer(rand.N(live.Departure)) //nolint:gosec // jitter is no secret
			defer pause.Stop()
			select {
			case <-pause.C:
			case <-so.left.Done():
			}
			if !h.common.book.Failing() {
				h.common.registry.running.Done()
				return
			}
			so.expel(refusal(CodeStoreError))
		}()
	}
}

// Changed implements [live.Host]. The other sockets hear of the change.
func (h host) Changed(e *live.Entry, from, to *store.Snapshot, by live.Member) {
	if !h.common.tellsChanges || from == to {
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
func (h host) Saved(e *live.Entry, from, to *store.Snapshot) { h.cookies.changed(e, from, to) }

// Failed implements [live.Host].
func (h host) Failed(stage, id string, err error) { h.common.failures.report(stage, id, err) }
