package plugin_test

import (
	"fmt"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// settles waits for the Stats to be as wanted.
func (a *app) settles(when string, ok func(plugin.Stats) bool) {
	a.Helper()
	var last plugin.Stats
	defer func() {
		if a.Failed() {
			a.Logf("the stats are %+v, notes %+v, messages %+v", last, last.Notes, last.Messages)
		}
	}()
	eventually(a.T, when, func() bool { last = a.sessions.Stats(); return ok(last) })
}

// Stats tells of connections, sessions and changes as they come and go.
func TestStats(t *testing.T) {
	t.Parallel()
	backend := newSpy()
	a := newApp(t, backend, plugin.Options{FlushInterval: 20 * time.Millisecond, StoreGrace: -1}, func(a *app) {
		register(a)
		a.sessions.AllowAnonymous("/")
		a.sessions.OnEvent("/chat", "none", func(socketio.Conn, *plugin.Session) {})
	})
	empty := a.sessions.Stats()
	if want := (plugin.Stats{MaxWaitingBytes: empty.MaxWaitingBytes}); empty != want || empty.MaxWaitingBytes > 0 != a.wired() {
		t.Errorf("at first: %+v", empty)
	}
	cookie := a.login("alice")
	c := a.enter(cookie).in("/chat")
	others := []*client{a.enter(cookie), a.enter(""), a.enter(a.login("bob"))}
	a.settles("four clients, three of them of two sessions", func(s plugin.Stats) bool {
		return s.Connections == 4 && s.Anonymous == 1 && s.Sessions == 2 && s.Unsaved == 0 && !s.StoreFailing && s.Notes == nil
	})
	backend.fail(errDown)
	c.ask(`["put","k","v"]`)
	a.settles("a change waits", func(s plugin.Stats) bool { return s.Unsaved == 1 && s.StoreFailing })
	if s := a.sessions.Stats(); s.OldestUnsaved <= 0 || s.OldestUnsaved > patience {
		t.Errorf("for %v", s.OldestUnsaved)
	}
	backend.fail(nil)
	a.settles("it is saved", func(s plugin.Stats) bool { return s.Unsaved == 0 && s.OldestUnsaved == 0 && !s.StoreFailing })
	for _, gone := range append(others, c) {
		gone.HangUp()
	}
	a.settles("all are gone", func(s plugin.Stats) bool { return s == empty })

	a.enter(cookie)
	a.sessions.Drain()
	a.settles("one is left", func(s plugin.Stats) bool { return s.Draining && s.Connections == 1 })
	if err := a.sessions.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.settles("none is left", func(s plugin.Stats) bool { return s.Draining && s.Connections == 0 && s.Sessions == 0 })
}

// What waits for a client that does not read is in the Stats.
func TestWiredStats(t *testing.T) {
	t.Parallel()
	a := wiredApp(t, plugin.Options{}, transport.Options{MaxWaitingBytes: 8 << 20}, func(a *app) {
		a.sessions.OnEvent("/", "much", func(c socketio.Conn, _ *plugin.Session) { c.Emit("much", make([]byte, 10_000)) })
	})
	c := a.enterAs(kind{overPolling, 4}, a.login("alice"))
	c.send(`42["much"]`)
	a.settles("it waits", func(s plugin.Stats) bool { return s.WaitingBytes > 10_000 && s.MaxWaitingBytes == 8<<20 })
	c.HangUp()
	a.settles("nothing waits", func(s plugin.Stats) bool { return s.WaitingBytes == 0 })
}

// The lines to Redis are up when they hear all sessions, and say when they were cut off.
func TestStatsOfLines(t *testing.T) {
	t.Parallel()
	// It keeps what it has acknowledged, so that the sessions' sockets stay: with its
	// default, a write may wait two seconds behind a slow disk.
	server := storetest.Redis(t, "--appendonly", "yes", "--appendfsync", "always", "--dir", t.TempDir())
	a := newApp(t, redisstore.New(server.Pool()), plugin.Options{}, register)
	if s := a.sessions.Stats(); s.Notes != nil || s.Messages != nil {
		t.Errorf("at first: %+v, %+v", s.Notes, s.Messages)
	}
	for n := range 3 {
		a.enter(a.login(fmt.Sprint("user", n)))
	}
	is := func(notes, messages store.LineState) {
		t.Helper()
		a.settles(fmt.Sprintf("the lines are %+v, %+v", notes, messages), func(s plugin.Stats) bool {
			return s.Notes != nil && *s.Notes == notes && s.Messages != nil && s.Messages.Up == messages.Up && s.Messages.Joined >= messages.Joined && s.Messages.Missed == messages.Missed
		})
	}
	is(store.LineState{Up: true, Joined: 3}, store.LineState{Up: true, Joined: 3})
	server.Stop()
	is(store.LineState{Missed: 1}, store.LineState{Missed: 1})
	server.Start()
	is(store.LineState{Up: true, Joined: 3, Missed: 1}, store.LineState{Up: true, Joined: 3, Missed: 1})
}
