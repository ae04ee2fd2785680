package plugin_test

import (
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

// The script is served under the resource path, whatever the query says; it
// names no session, and never reaches the transports.
func TestScript(t *testing.T) {
	t.Parallel()
	a := newApp(t, nil, plugin.Options{}, register)
	cookie := a.login("alice")
	for _, path := range []string{"socket.io-sessions.js", "socket.io-sessions.js?v=1", "socket.io-sessions.js?sid=1&transport=polling"} {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, a.url+"/socket.io/"+path, nil)
		r.Header.Set("Cookie", cookie)
		response, err := a.browser.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK || !strings.Contains(response.Header.Get("Content-Type"), "javascript") {
			t.Errorf("%s: got %s, %s", path, response.Status, response.Header.Get("Content-Type"))
		}
		if response.Header.Get("Set-Cookie") != "" || response.Header.Get("Vary") == "Cookie" {
			t.Errorf("%s: it depends on the session: %v", path, response.Header)
		}
	}
	if got, _ := a.get(cookie, "/socket.io/other.js"); !strings.Contains(strings.ToLower(got), "transport") {
		t.Errorf("another path got %q", got)
	}
}

// lines is a log that tests can read.
type lines struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lines) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.b.String(), text)
}

// DESIGN: inside the stock LoadAndSave every poll keeps a session alive; that
// is said once. Sessions.LoadAndSave lets Path through untouched.
func TestNesting(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		wrap func(*app) http.Handler
		want int
	}{
		{"stock LoadAndSave", func(a *app) http.Handler { return a.manager.LoadAndSave(a.sessions) }, 1},
		{"our LoadAndSave", func(a *app) http.Handler { return a.sessions.LoadAndSave(a.sessions) }, 0},
		{"outside", func(a *app) http.Handler { return a.sessions }, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			log, connected := &lines{}, make(chan bool, 3)
			a := newApp(t, nil, plugin.Options{Logger: slog.New(slog.NewTextHandler(log, nil))}, func(a *app) {
				a.sessions.AllowAnonymous("/")
				a.sessions.OnConnect("/", func(socketio.Conn, *plugin.Session) error { connected <- true; return nil })
			})
			a.serve(row.wrap(a))
			for range 3 {
				a.enterAs(kind{overPolling, 3}, "")
				recv(t, "OnConnect", connected)
			}
			if n := log.count("inside LoadAndSave"); n != row.want {
				t.Errorf("it was said %d times, want %d", n, row.want)
			}
		})
	}
}
