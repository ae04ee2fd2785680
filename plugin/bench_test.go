package plugin

import (
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// BenchmarkEvent measures what the session adds to an event: from where our transports
// have its text to where they get the acknowledgement. Bare is a handler without a
// session, from where go-socket.io decodes the arguments to where it has the result.
func BenchmarkEvent(b *testing.B) {
	b.Run("Bare", func(b *testing.B) {
		benchmarkHandler(b, func(_ socketio.Conn, text string) string { return text })
	})
	for name, scope := range map[string]Scope{"PerConnection": PerConnection, "PerMessage": PerMessage} {
		b.Run(name+"/Read", func(b *testing.B) {
			benchmarkEvent(b, store.NewMemory(), Options{Scope: scope}, func(m *scs.SessionManager, s *Session) { _ = m.GetInt(s, "n") })
		})
		b.Run(name+"/Write", func(b *testing.B) { benchmarkEvent(b, store.NewMemory(), Options{Scope: scope}, count) })
	}
}

// BenchmarkEventOnRedis measures an event of scope PerMessage that writes: strictly with
// two round trips, and with MaxStale with one.
func BenchmarkEventOnRedis(b *testing.B) {
	pool := storetest.Redis(b).Pool()
	for name, stale := range map[string]time.Duration{"Strict": 0, "MaxStale": time.Hour} {
		b.Run(name, func(b *testing.B) {
			benchmarkEvent(b, redisstore.New(pool), Options{Scope: PerMessage, MaxStale: stale}, count)
		})
	}
}

// BenchmarkStats measures what a scrape costs a node with many sessions, half of which
// have something to save.
func BenchmarkStats(b *testing.B) {
	const many = 13_000
	manager := scs.New()
	kept := store.Attach(manager, store.NewMemory(), store.Options{})
	sessions, err := Enable(socketio.NewServer(nil), manager, Options{FlushInterval: time.Hour})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = sessions.Close(b.Context()) }()
	n := sessions.namespace("/")
	for i := range many {
		conn := &benchConn{id: strconv.Itoa(i), cookie: "session=" + benchSession(b, manager, kept)}
		if err := n.enter(conn); err != nil {
			b.Fatal(err)
		}
		defer n.leave(conn, reasonClosed)
		if i%2 == 0 {
			if why := n.dispatch(n.find(conn.id), n.settings, func(s *Session) error { count(manager, s); return nil }); why != nil {
				b.Fatal(why)
			}
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if now := sessions.Stats(); now.Connections != many || now.Sessions != many || now.Unsaved != many/2 {
			b.Fatalf("got %+v", now)
		}
	}
}

// count adds one.
func count(m *scs.SessionManager, s *Session) { m.Put(s, "n", m.GetInt(s, "n")+1) }

func benchmarkEvent(b *testing.B, backend store.Backend, options Options, use func(*scs.SessionManager, *Session)) {
	b.Helper()
	manager := scs.New()
	kept := store.Attach(manager, backend, store.Options{})
	sessions, err := Enable(socketio.NewServer(nil), manager, options)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = sessions.Close(b.Context()) }()
	h := newHandler("event", func(_ socketio.Conn, s *Session, text string) string {
		use(manager, s)
		return text
	})
	n := sessions.namespace("/")
	conn := &benchConn{id: "bench", cookie: "session=" + benchSession(b, manager, kept)}
	if err := n.enter(conn); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		answers, why := h.invoke(`,"text"]`, nil, func(called *invocation) *Refusal {
			return n.dispatch(n.find(conn.id), n.settings, called.call)
		})
		if why != nil || answers[0] != "text" {
			b.Fatalf("got %v, %v", answers, why)
		}
	}
	n.leave(conn, reasonClosed)
}

// benchmarkHandler calls f as go-socket.io does.
func benchmarkHandler(b *testing.B, f any) {
	b.Helper()
	fn := reflect.ValueOf(f)
	var c socketio.Conn = &benchConn{}
	in := []reflect.Value{reflect.ValueOf(&c).Elem()}
	b.ReportAllocs()
	for b.Loop() {
		out := fn.Call(append(in, decodeArgs(b, fn.Type())...))
		if out[0].Interface() != "text" {
			b.Fatalf("got %v", out[0])
		}
	}
}

// decodeArgs decodes the arguments of an event as go-socket.io does.
func decodeArgs(b *testing.B, of reflect.Type) []reflect.Value {
	b.Helper()
	in, values := make([]reflect.Value, of.NumIn()-1), make([]any, of.NumIn()-1)
	for i := range in {
		t := of.In(i + 1)
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		in[i] = reflect.New(t)
		values[i] = in[i].Interface()
	}
	if err := json.NewDecoder(strings.NewReader(`["text"]`)).Decode(&values); err != nil {
		b.Fatal(err)
	}
	for i := range in {
		if of.In(i+1).Kind() != reflect.Pointer {
			in[i] = in[i].Elem()
		}
	}
	return in
}

// benchSession stores a session of seven values and returns its token.
func benchSession(b *testing.B, manager *scs.SessionManager, _ *store.Store) string {
	b.Helper()
	ctx, err := manager.Load(b.Context(), "")
	if err != nil {
		b.Fatal(err)
	}
	for key, value := range map[string]any{
		"n": 0, "user": "alice", "id": 4711, "admin": true, "theme": "dark", "last": "a line of text that is not short", "cart": []string{"a", "b"},
	} {
		manager.Put(ctx, key, value)
	}
	token, _, err := manager.Commit(ctx)
	if err != nil {
		b.Fatal(err)
	}
	return token
}

// benchConn is a connection that nobody is behind.
type benchConn struct {
	socketio.Conn
	id, cookie string
}

func (c *benchConn) ID() string                { return c.id }
func (c *benchConn) Namespace() string         { return "/" }
func (c *benchConn) URL() url.URL              { return url.URL{Path: "/socket.io/"} }
func (c *benchConn) RemoteAddr() net.Addr      { return nil }
func (c *benchConn) RemoteHeader() http.Header { return http.Header{"Cookie": {c.cookie}} }
func (c *benchConn) Emit(string, ...any)       {}
func (c *benchConn) Close() error              { return nil }
