package wire

import (
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// A probe is an upgrade that is under way. It is guarded by its connection's mu.
type probe struct {
	running   bool
	answered  bool            // the client was told that the websocket works
	candidate *websocket.Conn // what is tried
	noops     int             // how many GETs it has cut short
}

// pollWait is how long a GET waits during an upgrade that takes its time.
const pollWait = 100 * time.Millisecond

// shorten ends a GET during an upgrade: at most two are under way when a client
// hears of the probe. One that asks again and again is slowed down. mu is held,
// and guards p.
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
