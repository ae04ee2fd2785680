package wire

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/rawclient"
)

// probe opens the websocket of an upgrade, and returns when the client has
// "3probe".
func (h *host) probe(p caller) caller {
	h.Helper()
	return p.Probe(nil)
}

// upgrade upgrades a polling client without waiting for its requests.
func (h *host) upgrade(p caller) caller {
	h.Helper()
	ws := h.probe(p)
	h.say(ws, "5")
	return ws
}

// After a failed upgrade the client keeps polling, and may try again.
func TestUpgradeFails(t *testing.T) {
	t.Parallel()
	probed := []string{"2probe"}
	for name, says := range map[string][]string{
		"hangs up at once": nil, "rubbish": {"rubbish"}, "empty": {""}, "ping without probe": {"2"}, "other probe": {"2Probe"}, "pong": {"3probe"},
		"message": {`42["echo","a"]`}, "upgrade without probe": {"5"},
		"hangs up": probed, "rubbish after probe": {"2probe", "x"}, "message after probe": {"2probe", `42["echo","a"]`},
		"two probes": {"2probe", "2probe"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			versions(t, func(t *testing.T, version int) {
				h := newHost(t, Options{}, nil)
				c := h.call(namePolling, version)
				conn := h.conn(c)
				for range 3 {
					ws, err := c.Beside(nil)
					if err != nil {
						t.Fatal(err)
					}
					for _, line := range says {
						h.say(ws, line)
					}
					if len(says) == 0 || name == "hangs up" {
						ws.HangUp()
					} else {
						for _, err := ws.Next(); err == nil; {
							_, err = ws.Next()
						}
					}
					eventually(t, "the upgrade has failed", func() bool { conn.mu.Lock(); defer conn.mu.Unlock(); return !conn.out.probe.running })
					h.say(c, `421["echo","polling"]`)
					h.hear(c, `431["polling"]`)
				}
				ws := h.upgrade(c)
				h.say(ws, `422["echo","moved"]`)
				h.hear(ws, `432["moved"]`)
			})
		})
	}
}

// Some clients send UPGRADE with a payload: python-engineio sends "52".
func TestUpgradeWithPayload(t *testing.T) {
	t.Parallel()
	for _, packet := range []string{"5", "52", "5probe", "5" + strings.Repeat("x", 1000)} {
		t.Run(packet[:min(len(packet), 10)], func(t *testing.T) {
			t.Parallel()
			versions(t, func(t *testing.T, version int) {
				h := newHost(t, Options{}, nil)
				ws := h.probe(h.call(namePolling, version))
				h.say(ws, packet, `421["echo","moved"]`)
				h.hear(ws, `431["moved"]`)
			})
		})
	}
}

// The first GETs during an upgrade end at once, and later ones after a pause. The
// client gets everything.
func TestUpgradeSlowsPolls(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, version int) {
		h := newHost(t, Options{}, nil)
		c := h.call(namePolling, version)
		ws := h.probe(c)
		start := time.Now()
		const polls, free = 5, 2
		for n := range polls {
			frames, err := c.Poll()
			if err != nil || len(frames) != 1 || string(frames[0].Data) != "6" {
				t.Fatalf("GET %d brought %v, %v", n, frames, err)
			}
		}
		if least := pollWait * (polls - free); time.Since(start) < least {
			t.Errorf("%d GETs were held up for less than %v", polls, least)
		}
		h.say(c, `421["echo","meanwhile"]`)
		h.hear(c, `431["meanwhile"]`)
		h.say(ws, "5", `422["echo","moved"]`)
		h.hear(ws, `432["moved"]`)
	})
}

// A probe that the client does not finish ends by itself.
func TestUpgradeNeverFinished(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, version int) {
		h := newHost(t, Options{PingTimeout: 300 * time.Millisecond, PingInterval: time.Minute}, nil)
		c := h.call(namePolling, version)
		conn, ws := h.conn(c), h.probe(c)
		if _, err := ws.Next(); err == nil {
			t.Error("the websocket goes on")
		}
		eventually(t, "the probe is over", func() bool { return !conn.isProbed() })
		h.say(c, `421["echo","polling"]`)
		h.hear(c, `431["polling"]`)
	})
}

func (c *Conn) isProbed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.out.probe.answered
}

// The waiting GET ends when the client has "3probe", so that it can upgrade.
func TestUpgradeFreesPoll(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, version int) {
		h := newHost(t, Options{}, nil)
		c := h.call(namePolling, version)
		conn := h.conn(c)
		brought := make(chan string, 1)
		go func() {
			frames, err := c.Poll()
			brought <- fmt.Sprint(frames, err)
		}()
		eventually(t, "the GET waits", func() bool { conn.mu.Lock(); defer conn.mu.Unlock(); return conn.out.poll != nil })
		h.upgrade(c)
		if got := <-brought; got != "[6] <nil>" {
			t.Errorf("the GET brought %s", got)
		}
	})
}

// Only one of several concurrent upgrades of a connection runs. Whichever it is,
// the client goes on.
func TestUpgradeManyAtOnce(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, version int) {
		h := newHost(t, Options{}, nil)
		c := h.call(namePolling, version)
		var all sync.WaitGroup
		won := make(chan caller, 50)
		for range cap(won) {
			all.Go(func() {
				ws, err := c.Beside(nil)
				var refused *rawclient.StatusError
				switch {
				case err == nil:
					won <- ws
				case !errors.As(err, &refused) || refused.Status != http.StatusBadRequest:
					t.Errorf("got %v", err)
				}
			})
		}
		all.Wait()
		if len(won) != 1 {
			t.Fatalf("%d websockets, want 1", len(won))
		}
		ws := <-won
		h.say(ws, "2probe", "5", `421["echo","moved"]`)
		h.hear(ws, "3probe", `431["moved"]`)
		ws.HangUp()
	})
}

// A connection that ends during a probe ends like any other, and closes the
// websocket.
func TestUpgradeThenEnd(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*host, *Conn, caller){
		"close":   func(_ *host, conn *Conn, _ caller) { _ = conn.Close() },
		"violate": func(h *host, _ *Conn, c caller) { _ = c.Try("rubbish") },
		"goodbye": func(h *host, _ *Conn, c caller) { _ = c.Try("1") },
		"timeout": func(_ *host, conn *Conn, _ caller) {
			conn.heartbeat.heard.Store(0)
			conn.lose(ReasonTimeout)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			versions(t, func(t *testing.T, version int) {
				h := newHost(t, Options{Logger: quiet}, nil)
				c := h.call(namePolling, version)
				conn := h.conn(c)
				ws := h.probe(c)
				end(h, conn, c)
				if _, err := ws.Next(); err == nil {
					t.Error("the websocket goes on")
				}
				<-conn.Done()
				eventually(t, "go-socket.io forgets it", func() bool { return h.server.Count() == 0 })
			})
		})
	}
}

// A client that upgrades while the server hangs up gets everything written, over
// the websocket.
func TestUpgradeWhileClosing(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, version int) {
		h := newHost(t, Options{}, nil)
		c := h.call(namePolling, version)
		conn := h.conn(c)
		ws := h.probe(c)
		for n := range 50 {
			h.server.BroadcastToNamespace("/", "news", n)
		}
		_ = conn.Close()
		h.say(ws, "5")
		for n := range 50 {
			h.hear(ws, fmt.Sprintf(`42["news",%d]`, n))
		}
		if _, err := ws.Next(); !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
			t.Errorf("got %v, want a close frame", err)
		}
	})
}
