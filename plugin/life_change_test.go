package plugin_test

import (
	"context"
	"encoding/gob"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/store"
)

func init() { gob.Register(map[string]int{}) }

// heeding has an OnChange that tells the client: ["changed","a,b"].
func heeding(a *app) {
	register(a)
	a.sessions.OnChange("/", func(c socketio.Conn, _ *plugin.Session, keys []string) {
		c.Emit("changed", strings.Join(keys, ","))
	})
}

// changed expects to hear of changes of keys, together or one after another.
func (c *client) changed(keys ...string) {
	c.Helper()
	for keys = slices.Clone(keys); len(keys) > 0; {
		got := c.read()
		list, is := strings.CutPrefix(got, `42["changed","`)
		if !is {
			c.Fatalf("got %s, want to hear of %v", got, keys)
		}
		for _, key := range strings.Split(strings.TrimSuffix(list, `"]`), ",") {
			i := slices.Index(keys, key)
			if i < 0 {
				c.Fatalf("heard of %q, want %v", key, keys)
			}
			keys = slices.Delete(keys, i, i+1)
		}
	}
}

// OnChange hears what somebody else has changed in the session: the
// right keys, and the session as it is then. Who makes a change does not hear of
// it. A value that is put as it was is no change.
func TestOnChange(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, b shared) {
		scopes(t, func(t *testing.T, options plugin.Options) {
			nodes := newNodes(t, 2, b, options, func(a *app) {
				heeding(a)
				a.sessions.OnEvent("/", "save", func(_ socketio.Conn, s *plugin.Session, key string) error {
					a.manager.Put(s, key, "v")
					return s.Save()
				})
				a.sessions.OnEvent("/", "move", func(_ socketio.Conn, s *plugin.Session, from, to string) {
					a.manager.Put(s, to, a.manager.Pop(s, from))
				})
				a.sessions.OnDisconnect("/chat", func(_ socketio.Conn, s *plugin.Session, _ string) { a.manager.Put(s, "left", true) })
			})
			cookie := nodes[0].login("alice")
			near, far, other := nodes[0].enter(cookie), nodes[1].enter(cookie), nodes[0].enter(nodes[0].login("bob"))
			doer := nodes[0].enter(cookie).in("/chat")
			near.ask(`["put","both","v"]`)
			doer.changed("both")
			far.changed("both")
			for _, step := range []struct {
				name string
				do   func()
				keys []string
				by   bool // it is the doer's own change
			}{
				{"HTTP here", func() { nodes[0].get(cookie, "/put?a=1&b=2") }, []string{"a", "b"}, false},
				{"HTTP there", func() { nodes[1].get(cookie, "/put?a=2") }, []string{"a"}, false},
				{"the same again", func() { nodes[1].get(cookie, "/put?a=2"); doer.ask(`["put","b","2"]`) }, nil, true},
				{"another socket", func() { doer.ask(`["put","c","v"]`) }, []string{"c"}, true},
				{"Save", func() { doer.ask(`["save","d"]`) }, []string{"d"}, true},
				{"Update", func() { doer.ask(`["count"]`) }, []string{"n"}, true},
				{"a removal", func() { doer.send(`42["move","d","e"]`) }, []string{"d", "e"}, true},
				{"a failed event", func() { doer.ask(`["put+fail","f","v"]`); doer.ask(`["write","f","v"]`) }, nil, true},
				{"a deadline", func() {
					nodes[0].change(cookie, func(ctx context.Context) { nodes[0].manager.SetDeadline(ctx, time.Now().Add(time.Hour)) })
				}, nil, true},
				{"OnDisconnect of another namespace", func() { doer.send("41/chat") }, []string{"left"}, false},
			} {
				step.do()
				near.changed(step.keys...)
				far.changed(step.keys...)
				if !step.by {
					doer.changed(step.keys...)
				}
			}
			for _, c := range []*client{near, far, doer} { // and nobody has heard more
				if got := c.ask(`["get","e"]`); got != `["v"]` {
					t.Errorf("an open socket sees %s", got)
				}
			}
			other.still("bob")
		})
	})
}

// What a goroutine changes between events is told too: to every socket, since
// nobody knows whose it was.
func TestOnChangeByGoroutine(t *testing.T) {
	t.Parallel()
	a, sessions := outsideApp(t, newSpy(), soon, func(a *app) {
		a.sessions.OnChange("/", func(c socketio.Conn, _ *plugin.Session, keys []string) {
			c.Emit("changed", strings.Join(keys, ","))
		})
	})
	cookie := a.login("alice")
	first, second := a.enter(cookie), a.enter(cookie)
	first.ask(`["keep"]`)
	second.still("alice") // it is let in
	s := recv(t, "the session", sessions)
	a.manager.Put(s, "later", "v")
	first.changed("later")
	second.changed("later")
	second.ask(`["raw-put","raw","v"]`)
	first.changed("raw")
	second.changed("raw")
	eventually(t, "both are saved", func() bool { return a.stored(cookie)["later"] == "v" && a.stored(cookie)["raw"] == "v" })
}

// What OnChange puts is saved and told in turn; sockets that all put the same
// come to rest.
func TestOnChangePuts(t *testing.T) {
	t.Parallel()
	scopes(t, func(t *testing.T, options plugin.Options) {
		var calls atomic.Int32
		nodes := newNodes(t, 2, store.NewMemory(), options, func(a *app) {
			register(a)
			a.sessions.OnChange("/", func(c socketio.Conn, s *plugin.Session, keys []string) {
				calls.Add(1)
				a.manager.Put(s, "sum", a.manager.GetString(s, "a")+a.manager.GetString(s, "b"))
				a.manager.Put(s, "list", []string{a.manager.GetString(s, "a")})
				a.manager.Put(s, "map", map[string]int{"x": 1, "y": 2, "z": len(a.manager.GetString(s, "a"))})
			})
		})
		cookie := nodes[0].login("alice")
		var all []*client
		for i := range 6 {
			all = append(all, nodes[i%2].enter(cookie))
		}
		nodes[0].get(cookie, "/put?a=1&b=2")
		eventually(t, "it is saved", func() bool { return nodes[0].stored(cookie)["sum"] == "12" })
		eventually(t, "nothing happens any more", quiet(func() int { return int(calls.Load()) + nodes[0].link.count("swap") + nodes[1].link.count("swap") }))
		if n := calls.Load(); n > 100 {
			t.Errorf("OnChange ran %d times", n)
		}
		for _, c := range all {
			if got := c.ask(`["get","sum"]`); got != `["12"]` {
				t.Errorf("got %s", got)
			}
		}
	})
}

// quiet returns a condition: a number has stayed the same for a while.
func quiet(number func() int) func() bool {
	last, since := -1, time.Now()
	return func() bool {
		if n := number(); n != last {
			last, since = n, time.Now()
		}
		return time.Since(since) > 200*time.Millisecond
	}
}

// A failure of OnChange is reported, its changes are dropped, and later changes
// are told all the same. So they are after a store that failed.
func TestOnChangeFails(t *testing.T) {
	t.Parallel()
	scopes(t, func(t *testing.T, options plugin.Options) {
		options.StoreGrace = -1
		nodes := newNodes(t, 2, store.NewMemory(), options, func(a *app) {
			register(a)
			a.sessions.OnChange("/", func(c socketio.Conn, s *plugin.Session, keys []string) {
				a.manager.Put(s, "seen", strings.Join(keys, ","))
				if slices.Contains(keys, "bad") {
					panic("secret reason")
				}
			})
		})
		cookie := nodes[0].login("alice")
		c := nodes[0].enter(cookie)
		nodes[0].get(cookie, "/put?bad=1")
		eventually(t, "it is reported", func() bool {
			return slices.Contains(nodes[0].failures.all(), plugin.StageChange+": panic: secret reason")
		})
		if got := nodes[0].stored(cookie)["seen"]; got != nil {
			t.Errorf("it left %v", got)
		}
		nodes[0].get(cookie, "/put?good=1")
		eventually(t, "the next change", func() bool { return nodes[0].stored(cookie)["seen"] == "good" })

		nodes[0].link.cut.Store(true) // the news come, and the store cannot be asked
		nodes[1].get(cookie, "/put?later=1")
		eventually(t, "the store was asked", func() bool { return strings.Contains(strings.Join(nodes[0].failures.all(), " "), errDown.Error()) })
		want := map[plugin.Scope]string{plugin.PerConnection: `["alice"]`, plugin.PerMessage: storeErrorAnswer}[options.Scope]
		if got := c.ask(`["get","user"]`); got != want {
			t.Errorf("meanwhile an event got %s, want %s", got, want)
		}
		nodes[0].link.cut.Store(false)
		eventually(t, "the change is told when the store is back", func() bool { return nodes[0].stored(cookie)["seen"] == "later" })
		c.still("alice")
	})
}

// A session that is too busy for OnChange hears of the change later.
func TestOnChangeBusy(t *testing.T) {
	t.Parallel()
	scopes(t, func(t *testing.T, options plugin.Options) {
		options.HandlerTimeout, options.FlushInterval = 50*time.Millisecond, 20*time.Millisecond
		held := make(chan struct{})
		release := sync.OnceFunc(func() { close(held) })
		defer release()
		a := newApp(t, nil, options, func(a *app) {
			heeding(a)
			a.sessions.OnEvent("/", "block", func(socketio.Conn, *plugin.Session) bool { <-held; return true })
		})
		cookie := a.login("alice")
		blocks, c := a.enter(cookie), a.enter(cookie)
		blocks.send(`429["block"]`)
		eventually(t, "the session is busy", func() bool { return strings.Contains(c.ask(`["put","k","v"]`), "busy") })
		a.get(cookie, "/put?a=1")
		for range 3 { // for as long, OnChange waits in vain too
			if got := c.ask(`["put","k","v"]`); !strings.Contains(got, "busy") {
				t.Errorf("got %s", got)
			}
		}
		a.get(cookie, "/put?b=1")
		release()
		c.changed("a", "b")
	})
}

// A change that is heard of while the store is being asked, and is not in the
// answer, is not missed.
func TestChangeDuringRefresh(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, b shared) {
		nodes := newNodes(t, 2, b, plugin.Options{FlushInterval: time.Hour}, heeding)
		cookie := nodes[0].login("alice")
		c := nodes[0].enter(cookie)
		nodes[1].get(cookie, "/put?first=1")
		c.changed("first") // the news arrive
		heard := make(chan bool)
		var once sync.Once
		during := func() {
			once.Do(func() {
				nodes[1].get(cookie, "/put?during=1")
				if err := nodes[1].sessions.Emit(t.Context(), plugin.ID(idOf(cookie)), "/", "heard"); err != nil {
					t.Error(err)
				}
				<-heard
			})
		}
		nodes[0].link.found.Store(&during)
		nodes[1].get(cookie, "/put?second=1")
		c.want(`42["heard"]`)
		close(heard)
		c.changed("second", "during")
		if got := c.ask(`["get","during"]`); got != `["1"]` {
			t.Errorf("got %s", got)
		}
	})
}
