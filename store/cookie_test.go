package store_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// A cookie that the browser has is not sent again, unless the manager has an idle timeout
// or the handler asks for it.
func TestCookieIsSent(t *testing.T) {
	t.Parallel()
	do := map[string]func(*site, context.Context){
		"nothing":  func(*site, context.Context) {},
		"put":      func(s *site, ctx context.Context) { s.Put(ctx, "k", "v") },
		"login":    func(s *site, ctx context.Context) { _ = s.RenewToken(ctx) },
		"logout":   func(s *site, ctx context.Context) { _ = s.Destroy(ctx) },
		"deadline": func(s *site, ctx context.Context) { s.SetDeadline(ctx, time.Now().Add(time.Hour)) },
		"remember": func(s *site, ctx context.Context) { s.RememberMe(ctx, true) },
		"send":     func(s *site, ctx context.Context) { s.Store.(*store.Store).Core().SendCookie(ctx) },
		"put and send": func(s *site, ctx context.Context) {
			s.Store.(*store.Store).Core().SendCookie(ctx)
			s.Put(ctx, "k", "v")
		},
	}
	for _, row := range []struct {
		what        string
		sent, idle  bool // without and with an IdleTimeout
		fromNothing bool // to a browser without a session
	}{
		{"nothing", false, true, false},
		{"put", false, true, true},
		{"login", true, true, true},
		{"logout", true, true, true},
		{"deadline", true, true, true},
		{"remember", true, true, true},
		{"send", true, true, false},
		{"put and send", true, true, true},
	} {
		for _, idle := range []time.Duration{0, time.Hour} {
			s := newSite(func(s *site, w http.ResponseWriter, r *http.Request) {
				do[r.URL.Query().Get("do")](s, r.Context())
				_, _ = io.WriteString(w, "done")
			})
			s.IdleTimeout = idle
			path := "/?do=" + strings.ReplaceAll(row.what, " ", "+")
			cookie := cookieOf(t, s.get(t, "/?do=put", ""))
			want := row.sent
			if idle > 0 {
				want = row.idle
			}
			if got := s.get(t, path, cookie).Header.Get("Set-Cookie"); (got != "") != want {
				t.Errorf("%s, idle %v: Set-Cookie %q", row.what, idle, got)
			}
			if got := s.get(t, path, "").Header.Get("Set-Cookie"); (got != "") != row.fromNothing {
				t.Errorf("%s without a session, idle %v: Set-Cookie %q", row.what, idle, got)
			}
		}
	}
}

// A handler may take over the connection. Its changes are saved then and when it returns.
// No session is created, since nobody would have its cookie.
func TestHijack(t *testing.T) {
	t.Parallel()
	m, backend := scs.New(), store.NewMemory()
	s := store.Attach(m, backend, store.Options{})
	taken, returned := make(chan net.Conn), make(chan struct{}, 1)
	web := httptest.NewServer(s.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { returned <- struct{}{} }()
		m.Put(r.Context(), "before", true)
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		taken <- conn
		<-taken
		m.Put(r.Context(), "after", true)
	})))
	defer web.Close()
	visit := func(token string, meanwhile func()) {
		dialed, err := net.Dial("tcp", web.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer dialed.Close()
		_, _ = io.WriteString(dialed, "GET / HTTP/1.1\r\nHost: x\r\nCookie: session="+token+"\r\n\r\n")
		conn := <-taken
		meanwhile()
		_, _ = io.WriteString(conn, "taken over\n")
		if line, err := bufio.NewReader(dialed).ReadString('\n'); line != "taken over\n" {
			t.Errorf("got %q, %v", line, err)
		}
		conn.Close()
		taken <- nil
		<-returned
	}
	token := newHeldSession(t, m, "n")
	has := func(key string) bool { return m.Exists(loadBegun(t, m, token), key) }
	visit(token, func() {
		if !has("before") {
			t.Error("what was changed before is not saved yet")
		}
		putElsewhere(t, m, token, "theirs", true)
	})
	eventually(t, "what was changed after is saved", func() bool { return has("after") })
	if !has("before") || !has("theirs") || !has("n") {
		t.Error("something is lost")
	}
	visit("", func() {})
	visit(token, func() {
		if err := m.Destroy(loadBegun(t, m, token)); err != nil {
			t.Error(err)
		}
	})
	web.Close() // waits for the handlers
	if n := backend.Len(); n != 0 {
		t.Errorf("there are %d sessions", n)
	}
}
