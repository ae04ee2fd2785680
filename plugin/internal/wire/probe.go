package wire

import (
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// A probe is the state of an upgrade. The connection's mu guards it.
type probe struct {
	running   bool
	answered  bool            // the client has our "3probe"
	candidate *websocket.Conn // the websocket that is tried
	noops     int             // the number of GETs that it has ended early
}

// pollWait is how long a GET waits during a slow upgrade.
const pollWait = 100 * time.Millisecond

// shorten ends a GET during an upgrade. A client has at most two under way when it
// gets "3probe". Further ones wait for pollWait. mu guards p, and the caller holds it.
func (pr *probe) shorten(p *poll, mu *sync.Mutex) {
	if pr.noops++; pr.noops <= 2 {
		p.noop = true
		p.signal()
		return
	}
	time.AfterFunc(pollWait, func() {
		mu.Lock()
		defer mu.Unlock()
		p.noop = true
		p.signal()
	})
}
