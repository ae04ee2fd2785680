package wire

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/rawclient"
)

// A GET may wait longer than the http.Server's timeouts for reads and writes.
func TestPollOutlastsServerTimeouts(t *testing.T) {
	t.Parallel()
	const limit = 200 * time.Millisecond
	versions(t, func(t *testing.T, version int) {
		h := newHost(t, Options{}, func(h *host) {
			h.web.Config.ReadTimeout, h.web.Config.WriteTimeout = limit, limit
		})
		c := h.call(namePolling, version)
		conn := h.conn(c)
		time.AfterFunc(2*limit, func() { h.server.BroadcastToNamespace("/", "news") })
		h.hear(c, `42["news"]`)
		if reason := conn.Reason(); reason != "" {
			t.Errorf("it has ended for %q", reason)
		}
	})
}

// serving counts the open requests.
func serving(h *host, n *atomic.Int32) {
	handler := h.web.Config.Handler
	h.web.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.Add(1)
		defer n.Add(-1)
		handler.ServeHTTP(w, r)
	})
}

// raw starts a request, which it writes by hand.
func (h *host) raw(method, address, rest string) net.Conn {
	h.Helper()
	u, err := url.Parse(address)
	if err != nil {
		h.Fatal(err)
	}
	tcp, err := (&net.Dialer{}).DialContext(h.Context(), "tcp", u.Host)
	if err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() { tcp.Close() })
	if err := tcp.(*net.TCPConn).SetReadBuffer(4096); err != nil {
		h.Fatal(err)
	}
	fmt.Fprintf(tcp, "%s %s HTTP/1.1\r\nHost: %s\r\n%s", method, u.RequestURI(), u.Host, rest)
	return tcp
}

// A client that stalls during an answer or a POST blocks neither a goroutine nor
// its connection for ever.
func TestStalledRequests(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, version int) {
		var underWay atomic.Int32
		h := newHost(t, Options{PingInterval: 500 * time.Millisecond, PingTimeout: 500 * time.Millisecond}, func(h *host) {
			narrow(h)
			serving(h, &underWay)
		})
		reads, writes := h.call(namePolling, version), h.call(namePolling, version)
		conns := h.conns()
		for range 20 {
			h.server.BroadcastToRoom("/", reads.ID, "much", strings.Repeat("x", 50_000))
		}
		h.raw("GET", reads.Address(), "\r\n")
		h.raw("POST", writes.Address(), "Content-Length: 100\r\n\r\n42")
		eventually(t, "both are under way", func() bool { return underWay.Load() == 2 })
		for _, conn := range conns {
			<-conn.Done()
		}
		eventually(t, "both have ended", func() bool { return underWay.Load() == 0 })
	})
}

// A new GET ends the one before, which the client has given up. Packets go to the
// new one, once.
func TestPollSuperseded(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, version int) {
		h := newHost(t, Options{}, nil)
		c := h.call(namePolling, version)
		conn := h.conn(c)
		const polls = 20
		brought := make(chan string, polls)
		waiting := func() *poll { conn.mu.Lock(); defer conn.mu.Unlock(); return conn.out.poll }
		for range polls {
			before := waiting()
			go func() {
				frames, err := c.Poll()
				brought <- fmt.Sprint(frames, err)
			}()
			eventually(t, "the GET waits", func() bool { now := waiting(); return now != nil && now != before })
		}
		for range polls - 1 {
			if got := <-brought; got != "[6] <nil>" {
				t.Fatalf("a superseded GET brought %s", got)
			}
		}
		h.server.BroadcastToNamespace("/", "news", 1)
		if got := <-brought; got != `[42["news",1]] <nil>` {
			t.Errorf("the last GET brought %s", got)
		}
		h.say(c, `421["echo","a"]`)
		h.hear(c, `431["a"]`)
	})
}

// A client that cancels its GET without another one is lost.
func TestPollAbandoned(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, version int) {
		h := newHost(t, Options{}, nil)
		c := h.call(namePolling, version)
		conn := h.conn(c)
		tcp := h.raw("GET", c.Address(), "\r\n")
		eventually(t, "the GET waits", func() bool { conn.mu.Lock(); defer conn.mu.Unlock(); return conn.out.poll != nil })
		tcp.Close()
		<-conn.Done()
		if conn.Reason() != ReasonClosed {
			t.Errorf("it has ended for %q", conn.Reason())
		}
	})
}

// Invariant 9: the browser of an ended session gets the last packets, if they
// come soon, and nothing else.
func TestLastPoll(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, version int) {
		var ended atomic.Bool
		h := newHost(t, Options{}, func(h *host) {
			h.wire.Identify(Identity{
				Credential: func(r *http.Request) string { return r.URL.Query().Get("token") },
				Ended:      func(string) bool { return ended.Load() },
			})
		})
		c := h.polling(version, "&token=a")
		c.Enter("/")
		conn := h.conn(c)
		asks := func(method string) (status int, body string) {
			h.Helper()
			status, body, _ = h.request(method, strings.Replace(c.Address(), "token=a", "token=b", 1), nil)
			return status, body
		}
		h.server.BroadcastToRoom("/", c.ID, "news", 1)
		if status, body := asks(http.MethodGet); status != http.StatusForbidden {
			t.Errorf("while the session lives: got %d %s", status, body)
		}
		ended.Store(true)
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodHead} {
			if status, body := asks(method); status != http.StatusForbidden {
				t.Errorf("%s: got %d %s", method, status, body)
			}
		}
		if status, body := asks(http.MethodGet); status != http.StatusForbidden {
			t.Errorf("before the connection has ended: got %d %s", status, body)
		}
		answers := make(chan string, 1)
		go func() {
			_, body := asks(http.MethodGet)
			answers <- body
		}()
		eventually(t, "the GET waits", func() bool { conn.mu.Lock(); defer conn.mu.Unlock(); return conn.out.poll != nil })
		_ = conn.Close()
		if got := <-answers; !strings.Contains(got, `42["news",1]`) {
			t.Errorf("the last packets: got %q", got)
		}
		if _, got := asks(http.MethodGet); !strings.HasSuffix(got, "1") {
			t.Errorf("the end: got %q", got)
		}
		<-conn.Done()
	})
}

// A second POST during the first is refused. The first goes on.
func TestPostsOverlap(t *testing.T) {
	t.Parallel()
	started, held := make(chan bool), make(chan struct{})
	h := newHost(t, Options{MaxMessageBytes: 1000, MaxQueueBytes: 1000}, func(h *host) {
		h.server.OnEvent("/", "block", func(socketio.Conn) { started <- true; <-held })
	})
	c := h.call(namePolling, 4)
	conn := h.conn(c)
	h.say(c, `42["block"]`)
	<-started
	done := make(chan error, 1)
	long := `42["length","` + strings.Repeat("x", 900) + `"]`
	go func() { done <- c.Try(long, long) }()
	eventually(t, "the POST waits", conn.full)
	if err := c.Post([]byte("3"), "text/plain;charset=UTF-8"); err == nil || !strings.Contains(err.Error(), "status 400") {
		t.Errorf("got %v", err)
	}
	close(held)
	if err := <-done; err != nil {
		t.Error(err)
	}
	h.say(c, `421["echo","a"]`)
	h.hear(c, `431["a"]`)
}

// A POST that is too long, or is no payload, ends its connection.
func TestBadPosts(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, body string
		status     string
	}{
		{"too long", strings.Repeat("x", 2001), "status 413"},
		{"no payload", "x", "status 400"},
		{"nothing", "", "status 400"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			versions(t, func(t *testing.T, version int) {
				h := newHost(t, Options{MaxMessageBytes: 1000, MaxQueueBytes: 1000, Logger: quiet}, nil)
				c := h.call(namePolling, version)
				conn := h.conn(c)
				err := c.Post([]byte(row.body), "text/plain")
				if err == nil || !strings.Contains(err.Error(), row.status) {
					t.Errorf("got %v", err)
				}
				<-conn.Done()
				if conn.Reason() != ReasonError {
					t.Errorf("it has ended for %q", conn.Reason())
				}
			})
		})
	}
}

// A client sends everything that it has emitted during its last POST in one POST.
func TestPostGathered(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, version int) {
		h := newHost(t, Options{}, func(h *host) {
			h.server.OnEvent("/", "length", func(_ socketio.Conn, text string) int { return len(text) })
		})
		c := h.call(namePolling, version)
		var body []byte
		for n := range 4 {
			body = rawclient.AppendPayload(body, version, text(fmt.Sprintf(`42%d["length","%s"]`, n, strings.Repeat("x", 900_000)))...)
		}
		if err := c.Post(body, "text/plain;charset=UTF-8"); err != nil {
			t.Fatal(err)
		}
		for n := range 4 {
			h.hear(c, fmt.Sprintf(`43%d[900000]`, n))
		}
	})
}

// A client that leaves before its handshake is answered leaves nothing behind.
func TestHandshakeAbandoned(t *testing.T) {
	t.Parallel()
	h := newHost(t, Options{}, nil)
	for n := range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url(namePolling, 3+n%2), nil)
		if err != nil {
			t.Fatal(err)
		}
		go cancel()
		if response, err := h.web.Client().Do(r); err == nil {
			response.Body.Close()
		}
	}
	h.web.Close() // all requests are over
	eventually(t, "go-socket.io forgets them", func() bool {
		for _, conn := range h.conns() { // some are only now registered
			conn.lose(ReasonTimeout) // as its heartbeat will
		}
		return h.server.Count() == 0 && h.wire.Len() == 0
	})
}
