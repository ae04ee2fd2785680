package wire

import (
	"net/http"
	"runtime"
	"sync"
	"testing"
	"time"
)

// settles waits until all connections and goroutines of a test have ended.
func (h *host) settles(goroutines int) {
	h.Helper()
	eventually(h, "the registries are empty", func() bool { return h.wire.Len() == 0 && h.server.Count() == 0 })
	h.wire.registry.mu.RLock()
	opening := len(h.wire.registry.opening)
	h.wire.registry.mu.RUnlock()
	if opening > 0 {
		h.Errorf("%d handshakes are still noted", opening)
	}
	eventually(h, "no goroutine is left over", func() bool {
		h.web.Client().CloseIdleConnections()
		return runtime.NumGoroutine() <= goroutines+2
	})
	if rooms := h.server.Rooms("/"); len(rooms) > 0 {
		h.Errorf("%d rooms are left over", len(rooms))
	}
}

// crowd runs a function many times, some at a time.
func crowd(many, atATime int, do func(n int)) {
	var all sync.WaitGroup
	turns := make(chan struct{}, atATime)
	for n := range many {
		turns <- struct{}{}
		all.Go(func() {
			do(n)
			<-turns
		})
	}
	all.Wait()
}

// 1,000 clients that connect, send something and leave, in different ways, leave
// nothing behind.
func TestConnectAndLeave(t *testing.T) { //nolint:paralleltest // it counts goroutines
	h := newHost(t, Options{}, nil)
	h.call(nameWebsocket, 3).HangUp()
	h.settles(1 << 20)
	goroutines := runtime.NumGoroutine()
	crowd(1000, 20, func(n int) {
		transport, version := []string{namePolling, nameWebsocket}[n%2], 3+n/2%2
		c := h.call(transport, version)
		h.say(c, `421["echo","a"]`)
		h.hear(c, `431["a"]`)
		switch n / 4 % 3 {
		case 0:
			c.HangUp()
		case 1:
			h.say(c, "1")
			c.HangUp()
		case 2:
			_ = h.conn(c).Close()
			h.hearEnd(c)
			if transport == nameWebsocket {
				c.HangUp()
			}
		}
	})
	h.settles(goroutines)
}

// 1,000 clients that vanish after the handshake or during an upgrade leave
// nothing behind.
func TestAbandon(t *testing.T) { //nolint:paralleltest // it counts goroutines
	h := newHost(t, Options{PingInterval: time.Second, PingTimeout: 2 * time.Second}, nil)
	h.call(nameWebsocket, 3).HangUp()
	h.settles(1 << 20)
	goroutines := runtime.NumGoroutine()
	crowd(1000, 20, func(n int) {
		version := 3 + n%2
		switch n / 2 % 4 {
		case 0:
			h.request(http.MethodGet, h.url(namePolling, version), nil)
		case 1:
			h.socket(version).HangUp()
		case 2:
			h.dial(nameWebsocket, version).HangUp()
		case 3:
			h.probe(h.dial(namePolling, version)).HangUp()
		}
	})
	h.settles(goroutines)
}
