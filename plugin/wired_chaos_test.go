package plugin_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
)

// stays counts who is where, by connection and namespace.
type stays struct {
	mu     sync.Mutex
	inside map[string]bool
	busy   map[string]bool // a handler of the connection runs
	wrong  int
}

// step notes a handler of a connection that is inside its namespace, or is not,
// and leaves it so.
func (s *stays) step(c socketio.Conn, namespace string, was, is bool) {
	place, id := c.ID()+namespace, c.ID()
	s.mu.Lock()
	if s.inside[place] != was || s.busy[id] {
		s.wrong++
	}
	s.busy[id] = true
	s.mu.Unlock()
	runtime.Gosched()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.busy, id)
	if s.inside[place] = is; !is {
		delete(s.inside, place)
	}
}

func (s *stays) left() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.inside)
}

// Clients that do anything in any order, sessions that come and go: OnConnect
// and OnDisconnect of each stay run once and in turn, events only in between,
// one handler of a connection at a time, and in the end nothing is left.
func TestWiredChaos(t *testing.T) {
	t.Parallel()
	s := &stays{inside: make(map[string]bool), busy: make(map[string]bool)}
	options := plugin.Options{FlushInterval: 5 * time.Millisecond, HandlerTimeout: patience}
	a := wiredApp(t, options, transport.Options{}, func(a *app) {
		for _, namespace := range []string{"/", "/chat", "/other"} {
			a.sessions.OnConnect(namespace, func(c socketio.Conn, _ *plugin.Session) error {
				if rand.IntN(8) == 0 {
					return &plugin.Refusal{Code: "app", Reconnect: rand.IntN(2) == 0}
				}
				s.step(c, namespace, false, true)
				c.Emit("hello", namespace)
				return nil
			})
			a.sessions.OnDisconnect(namespace, func(c socketio.Conn, _ *plugin.Session, _ string) {
				s.step(c, namespace, true, false)
			})
			a.sessions.OnEvent(namespace, "put", func(c socketio.Conn, session *plugin.Session, n int) int {
				s.step(c, namespace, true, true)
				a.manager.Put(session, "n", n)
				return n
			})
			a.sessions.OnEvent(namespace, "close", func(c socketio.Conn, _ *plugin.Session) error { return c.Close() })
		}
	})
	var all sync.WaitGroup
	for n := range 12 {
		all.Go(func() {
			for range 6 {
				a.visit(allKinds[n%len(allKinds)])
			}
		})
	}
	all.Wait()
	defer func() {
		if t.Failed() {
			t.Logf("left: %d of go-socket.io's, %d of the wire's, %d sessions, %d stays", a.server.Count(), a.wire.Len(), a.sessions.Entries(), s.left())
		}
	}()
	eventually(t, "nothing is left", func() bool {
		return a.server.Count() == 0 && a.wire.Len() == 0 && a.sessions.Entries() == 0 && s.left() == 0
	})
	if s.wrong > 0 {
		t.Errorf("%d handlers ran out of turn", s.wrong)
	}
}

// visit is one client that does a few things at random.
func (a *app) visit(k kind) {
	cookie := a.login("alice")
	c := a.connect(k, cookie)
	places := []string{"/", "/chat", "/other"}
	for n := range 12 {
		namespace := places[rand.IntN(len(places))]
		switch rand.IntN(8) {
		case 0, 1:
			c.try("40" + prefix(namespace))
		case 2, 3, 4:
			c.try(fmt.Sprintf(`42%s%d["put",%d]`, prefix(namespace), n, n))
		case 5:
			c.try(bare("41", namespace))
		case 6:
			if c.WS == nil {
				c.tryUpgrade()
			}
		case 7:
			switch rand.IntN(6) {
			case 0:
				a.get(cookie, "/destroy")
			case 1:
				a.get(cookie, "/renew")
			case 2:
				c.try(`42["close"]`)
			}
		}
	}
	c.HangUp()
}

// tryUpgrade upgrades a connection that may be over.
func (c *client) tryUpgrade() {
	over, err := c.Beside(c.Header)
	if err != nil || over.Try("2probe") != nil {
		return
	}
	if got, err := over.Read(); err == nil && got == "3probe" && over.Try("5") == nil {
		c.Move(over)
	}
}
