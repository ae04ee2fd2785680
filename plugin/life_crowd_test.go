package plugin_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	socketio "github.com/googollee/go-socket.io"
	"github.com/gorilla/websocket"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/internal/rawclient"
	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// A crowd is many sockets of two sessions, spread over nodes.
type crowd struct {
	testing.TB
	managers []*scs.SessionManager
	sessions []*plugin.Sessions
	wires    []*transport.Wire
	dialers  []websocket.Dialer
}

// newCrowd makes nodes on one backend.
func newCrowd(tb testing.TB, n int, b store.Backend) *crowd {
	tb.Helper()
	c := &crowd{TB: tb}
	for range n {
		wire, manager := transport.New(transport.Options{Logger: discard}), scs.New()
		server := socketio.NewServer(wire.EngineOptions(nil))
		store.Attach(manager, b, store.Options{})
		sessions, err := plugin.Enable(server, manager, plugin.Options{Transport: wire, Logger: discard})
		if err != nil {
			tb.Fatal(err)
		}
		sessions.OnEvent("/", "ping", func(socketio.Conn, *plugin.Session) bool { return true })
		go server.Serve()
		web := httptest.NewServer(sessions)
		tb.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			if err := sessions.Close(ctx); err != nil {
				tb.Error(err)
			}
			web.CloseClientConnections()
			web.Close()
		})
		c.managers, c.sessions, c.wires = append(c.managers, manager), append(c.sessions, sessions), append(c.wires, wire)
		c.dialers = append(c.dialers, websocket.Dialer{
			NetDialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "tcp", web.Listener.Addr().String())
			},
			ReadBufferSize: 512, WriteBufferPool: new(sync.Pool),
		})
	}
	return c
}

// login starts a session on the first node and returns its token.
func (c *crowd) login(user string) string {
	c.Helper()
	ctx, err := c.managers[0].Load(c.Context(), "")
	if err != nil {
		c.Fatal(err)
	}
	c.managers[0].Put(ctx, "user", user)
	token, _, err := c.managers[0].Commit(ctx)
	if err != nil {
		c.Fatal(err)
	}
	return token
}

// enter connects a client to the i-th node.
func (c *crowd) enter(i int, token string) *websocket.Conn {
	client := &rawclient.Client{
		TB: c, URL: "http://node/socket.io/", Transport: overWebsocket, Version: 3,
		Header: withCookie("session=" + token), Dialer: &c.dialers[i],
	}
	if err := client.Open(); err != nil {
		c.Error(err)
		return nil
	}
	if got, err := client.Read(); err != nil || got != "40" {
		c.Errorf("got %q, %v, want CONNECT", got, err)
		return nil
	}
	_ = client.WS.SetReadDeadline(time.Time{}) // it may wait longer than other tests
	return client.WS
}

// enterAll connects n clients, spread over the nodes.
func (c *crowd) enterAll(n int, token string) []*websocket.Conn {
	c.Helper()
	all, next := make([]*websocket.Conn, n), atomic.Int32{}
	var doors sync.WaitGroup
	for range 8 {
		doors.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				all[i] = c.enter(i%len(c.sessions), token)
			}
		})
	}
	doors.Wait()
	if c.Failed() {
		c.FailNow()
	}
	c.Cleanup(func() {
		for _, ws := range all {
			ws.Close()
		}
	})
	return all
}

// A wake counts who has been told of a logout and whose wire is closed.
type wake struct {
	told, twice atomic.Int32
	all, ears   sync.WaitGroup // until the wires are closed, and until all are told
}

// follow reads what the clients get until their wires are closed. They hang up
// when they are told, as the client script does, unless they are to be passive.
func (w *wake) follow(clients []*websocket.Conn, passive bool) {
	for _, ws := range clients {
		w.ears.Add(1)
		w.all.Go(func() {
			told := false
			for {
				_, b, err := ws.ReadMessage()
				if err != nil {
					break
				}
				if !strings.HasPrefix(string(b), `42["sinvalid",{"code":"destroyed"`) {
					continue
				}
				if told {
					w.twice.Add(1)
					continue
				}
				told = true
				w.told.Add(1)
				w.ears.Done()
				if !passive {
					message := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
					_ = ws.WriteControl(websocket.CloseMessage, message, time.Now().Add(time.Second))
				}
			}
			if !told {
				w.ears.Done()
			}
		})
	}
}

// logout is one HTTP request on the first node.
func (c *crowd) logout(token string) {
	c.Helper()
	page := c.sessions[0].LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := c.managers[0].Destroy(r.Context()); err != nil {
			c.Error(err)
		}
	}))
	r := httptest.NewRequestWithContext(c.Context(), http.MethodPost, "/logout", nil)
	r.Header = withCookie("session=" + token)
	page.ServeHTTP(httptest.NewRecorder(), r)
}

// Done when: 1,000 sockets of a session hear of its logout, each once, and are
// closed; another 1,000 beside them notice nothing. BenchmarkLogout has the
// times.
func TestLogoutOfACrowd(t *testing.T) {
	t.Parallel()
	const n = 1000
	c := newCrowd(t, 2, store.NewMemory())
	alice, bob := c.login("alice"), c.login("bob")
	gone, stay := c.enterAll(n, alice), c.enterAll(n, bob)
	var w wake
	w.follow(gone, true)
	c.logout(alice)
	w.all.Wait()
	if w.told.Load() != n || w.twice.Load() != 0 {
		t.Errorf("%d were told, %d more than once; want %d", w.told.Load(), w.twice.Load(), n)
	}
	for i, ws := range stay {
		if err := ws.WriteMessage(websocket.TextMessage, []byte(`421["ping"]`)); err != nil {
			t.Fatal(err)
		}
		if _, b, err := ws.ReadMessage(); err != nil || string(b) != "431[true]" {
			t.Fatalf("socket %d of the other session got %q, %v", i, b, err)
		}
	}
	for _, wire := range c.wires {
		eventually(t, "the connections are forgotten", func() bool { return wire.Len() == n/len(c.wires) })
	}
}

// BenchmarkLogout is the time from a logout over HTTP until the last of 1,000
// sockets of the session, among 2,000, has been told and its wire is closed.
func BenchmarkLogout(b *testing.B) {
	for _, nodes := range []int{1, 2} {
		for _, passive := range []bool{false, true} {
			name := fmt.Sprintf("nodes=%d/clients=hang-up", nodes)
			if passive {
				name = fmt.Sprintf("nodes=%d/clients=passive", nodes)
			}
			b.Run(name, func(b *testing.B) { benchmarkLogout(b, nodes, passive) })
		}
	}
}

func benchmarkLogout(b *testing.B, nodes int, passive bool) {
	b.Helper()
	const n = 1000
	var backend store.Backend = store.NewMemory()
	if nodes > 1 {
		backend = redisstore.New(storetest.Redis(b).Pool())
	}
	c := newCrowd(b, nodes, backend)
	c.enterAll(n, c.login("bob"))
	var told time.Duration
	for b.Loop() {
		b.StopTimer()
		token := c.login("alice")
		var w wake
		w.follow(c.enterAll(n, token), passive)
		b.StartTimer()
		started := time.Now()
		c.logout(token)
		w.ears.Wait()
		told += time.Since(started)
		w.all.Wait()
		if w.told.Load() != n {
			b.Errorf("%d were told", w.told.Load())
		}
	}
	b.ReportMetric(float64(told.Milliseconds())/float64(b.N), "told-ms/op")
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/op")
	b.ReportMetric(0, "ns/op")
}
