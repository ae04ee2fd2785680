package plugin_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

// OnChange runs once for what has changed until its turn has come, and never
// beside another handler of its connection, nor after OnDisconnect.
func TestOnChangeTakesTurns(t *testing.T) {
	t.Parallel()
	holding, held := make(chan bool), make(chan bool)
	var inside, beside, late atomic.Int32
	var gone atomic.Bool
	alone := func(f func()) {
		if inside.Add(1) > 1 {
			beside.Add(1)
		}
		f()
		inside.Add(-1)
	}
	calls := &ledger{}
	a := newApp(t, nil, soon, func(a *app) {
		register(a)
		a.sessions.OnEvent("/", "hold", func(socketio.Conn, *plugin.Session) { alone(func() { holding <- true; <-held }) }, plugin.ReadOnly)
		a.sessions.OnEvent("/", "work", func(socketio.Conn, *plugin.Session) bool { alone(func() {}); return true }, plugin.ReadOnly)
		a.sessions.OnEvent("/chat", "work", func(socketio.Conn, *plugin.Session) { alone(func() {}) }, plugin.ReadOnly)
		a.sessions.OnChange("/", func(_ socketio.Conn, _ *plugin.Session, keys []string) {
			alone(func() { calls.add(strings.Join(keys, ",")) })
			if gone.Load() {
				late.Add(1)
			}
		})
		a.sessions.OnDisconnect("/", func(socketio.Conn, *plugin.Session, string) { alone(func() { gone.Store(true) }) })
	})
	cookie := a.login("alice")
	c := a.enter(cookie).in("/chat")
	c.send(`42["hold"]`)
	recv(t, "the handler", holding)
	watch := a.sessions.Sockets(plugin.ID(idOf(cookie)), "/")[0]
	var want []string
	for n := range 10 {
		a.get(cookie, fmt.Sprintf("/put?k%d=v", n))
		want = append(want, fmt.Sprintf("k%d", n))
	}
	eventually(t, "the last change is known", func() bool { return a.manager.Exists(a.sessions.Session(watch), "k9") })
	held <- true
	eventually(t, "OnChange", func() bool { return strings.Contains(calls.all(), "k9") })
	if got := strings.Fields(calls.all()); len(got) > 2 || strings.Join(got, ",") != strings.Join(want, ",") {
		t.Errorf("OnChange heard %q", got)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for n := range 50 {
			a.get(cookie, fmt.Sprintf("/put?race=%d", n))
		}
	})
	for range 200 {
		c.send(`42/chat,["work"]`)
		c.ask(`["work"]`)
	}
	c.HangUp()
	all.Wait()
	eventually(t, "it is forgotten", func() bool { return a.sessions.Entries() == 0 })
	if beside.Load() > 0 || late.Load() > 0 {
		t.Errorf("%d times beside another handler, %d times after OnDisconnect", beside.Load(), late.Load())
	}
}

// OnDisconnect is the last handler of a socket, also when a change is told while
// it runs.
func TestOnChangeDuringOnDisconnect(t *testing.T) {
	t.Parallel()
	l, leaving, release := &ledger{}, make(chan bool), make(chan bool)
	a := newApp(t, nil, soon, func(a *app) {
		register(a)
		a.sessions.OnChange("/chat", func(_ socketio.Conn, _ *plugin.Session, keys []string) { l.add(strings.Join(keys, ",")) })
		a.sessions.OnDisconnect("/chat", func(socketio.Conn, *plugin.Session, string) { leaving <- true; <-release; l.add("last") })
	})
	cookie := a.login("alice")
	c, observer := a.enter(cookie).in("/chat"), a.enter(cookie)
	c.HangUp()
	recv(t, "OnDisconnect", leaving)
	for _, key := range []string{"k1", "k2"} { // when the second is there, the first was told
		a.get(cookie, "/put?"+key+"=v")
		eventually(t, key+" is there", func() bool { return observer.ask(`["read","`+key+`"]`) == `["v"]` })
	}
	release <- true
	eventually(t, "OnDisconnect has returned", func() bool { return l.all() != "" })
	observer.HangUp()
	eventually(t, "the session is forgotten", func() bool { return a.sessions.Entries() == 0 })
	if got := l.all(); got != "last" {
		t.Errorf("the handlers ran in this order: %s", got)
	}
}
