package plugin_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/internal/rawclient"
	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// A mistaken is a server that an app has put together wrongly, on our transports.
type mistaken struct {
	*testing.T
	log     lines
	manager *scs.SessionManager
	wire    *transport.Wire
	server  *socketio.Server
	mux     *http.ServeMux
	url     string
}

func newMistaken(t *testing.T) *mistaken {
	t.Helper()
	m := &mistaken{T: t, manager: scs.New(), mux: http.NewServeMux()}
	m.wire = transport.New(transport.Options{Logger: m.logger(), PingInterval: 5 * time.Second, PingTimeout: 5 * time.Second})
	m.server = socketio.NewServer(m.wire.EngineOptions(nil))
	store.Attach(m.manager, store.NewMemory(), store.Options{})
	web := httptest.NewServer(m.mux)
	t.Cleanup(func() { web.CloseClientConnections(); web.Close() })
	m.url = web.URL
	return m
}

func (m *mistaken) logger() *slog.Logger { return slog.New(slog.NewTextHandler(&m.log, nil)) }

// enable enables sessions with a root that lets everybody in.
func (m *mistaken) enable(options plugin.Options) (*plugin.Sessions, error) {
	options.Logger = m.logger()
	sessions, err := plugin.Enable(m.server, m.manager, options)
	if err == nil {
		sessions.AllowAnonymous("/")
		sessions.OnEvent("/", "n", func(_ socketio.Conn, _ *plugin.Session, n int) int { return n })
	}
	return sessions, err
}

// mounted is enable at the right place, with the server serving.
func (m *mistaken) mounted() *plugin.Sessions {
	m.Helper()
	sessions, err := m.enable(plugin.Options{Transport: m.wire})
	if err != nil {
		m.Fatal(err)
	}
	m.mux.Handle("/socket.io/", sessions)
	go m.server.Serve() // for ever
	return sessions
}

// get requests a handshake by polling, and returns the status.
func (m *mistaken) get(path string, header ...string) int {
	m.Helper()
	if !strings.HasSuffix(path, ".js") {
		path += "?EIO=4&transport=polling"
	}
	r, err := http.NewRequestWithContext(m.Context(), http.MethodGet, m.url+path, nil)
	if err != nil {
		m.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := (&http.Client{Timeout: patience}).Do(r)
	if err != nil {
		return 0 // net/http has contained a panic
	}
	answer.Body.Close()
	return answer.StatusCode
}

// comes lets a client in and out.
func (m *mistaken) comes(does func(c *rawclient.Client)) {
	m.Helper()
	c := &rawclient.Client{TB: m.T, URL: m.url + "/socket.io/", Transport: rawclient.Websocket, Version: 3}
	c.MustOpen()
	c.SkipTo("40")
	does(c)
	c.WS.Close()
}

// logs waits for a line with these words.
func (m *mistaken) logs(words ...string) {
	m.Helper()
	eventually(m.T, "the log says "+strings.Join(words, ", "), func() bool {
		for _, word := range words {
			if m.log.count(word) == 0 {
				return false
			}
		}
		return true
	})
}

// remedies shows, for each row of the README's table, that what is seen is seen and told, by
// the beginning of the row. Those that only an app's pages can cause are nil.
var remedies = map[string]func(m *mistaken){
	"pages get 403": func(m *mistaken) {
		m.mounted()
		if status := m.get("/socket.io/", "Origin", "https://app.example.com"); status != http.StatusForbidden {
			m.Errorf("got %d", status)
		}
		m.logs("level=WARN", "AllowedOrigins", "origin=https://app.example.com", "host=127.0.0.1")
	},
	"an event is answered": func(m *mistaken) {
		m.mounted()
		m.comes(func(c *rawclient.Client) {
			c.Say(`421["n","one"]`)
			c.SkipTo(`431[{"error":{"code":"bad_arguments"`)
		})
		m.logs("Argument 1 is not a whole number")
	},
	"no client gets in": func(m *mistaken) {
		sessions, err := m.enable(plugin.Options{Transport: m.wire})
		if err != nil {
			m.Fatal(err)
		}
		m.mux.Handle("/socket.io/", sessions)
		go func() { // until the test's server is closed
			_, _ = http.Get(m.url + "/socket.io/?EIO=3&transport=polling")
		}()
		m.logs("level=ERROR", "go server.Serve()")
	},
	"502 at": func(m *mistaken) {
		if _, err := m.enable(plugin.Options{Transport: m.wire}); err != nil {
			m.Fatal(err)
		}
		m.mux.Handle("/socket.io/", m.server)
		if status := m.get("/socket.io/"); status != http.StatusBadGateway {
			m.Errorf("got %d", status)
		}
		m.logs("level=ERROR", "mount the Sessions")
	},
	"Enable: ": func(m *mistaken) {
		if _, err := m.enable(plugin.Options{}); err == nil || !strings.Contains(err.Error(), "set Options.Transport") {
			m.Errorf("got %v", err)
		}
	},
	"`OnConnect` or `OnDisconnect`": func(m *mistaken) {
		m.server.OnConnect("/early", func(socketio.Conn) error { return nil })
		m.server.OnDisconnect("/early", func(socketio.Conn, string) {})
		sessions := m.mounted()
		sessions.Protect("/early")
		m.logs("level=ERROR", "the server's handler is replaced", "handler=OnConnect namespace=/early", "handler=OnDisconnect namespace=/early")
		m.server.OnConnect("/", func(socketio.Conn) error { return nil })
		m.server.OnDisconnect("/", func(socketio.Conn, string) {})
		m.server.OnEvent("/", "n", func(socketio.Conn) {})
		m.comes(func(*rawclient.Client) {})
		m.logs("in place of the plugin's", "handler=OnConnect namespace=/\n", "handler=OnDisconnect namespace=/\n")
		m.logs("an event's handler on the server never runs", "event=n namespace=/\n")
	},
	"a page answers": func(m *mistaken) {
		sessions, err := m.enable(plugin.Options{Transport: m.wire})
		if err != nil {
			m.Fatal(err)
		}
		m.mux.Handle("/socket.io", sessions)
		m.mux.Handle("/", sessions.LoadAndSave(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			m.manager.Put(r.Context(), "k", "v")
		})))
		if status := m.get("/socket.io/"); status != 0 {
			m.Errorf("got %d from a page that panics", status)
		}
		m.logs("level=ERROR", "did not come to the Sessions", "request=/socket.io/")
		m.mux.Handle("/elsewhere/", http.StripPrefix("/elsewhere", sessions))
		m.get("/elsewhere/socket.io.js")
		m.logs("level=WARN", "StripPrefix", "request=/socket.io.js")
	},
	"500 ": func(m *mistaken) {
		m.mounted()
		store.Attach(m.manager, store.NewMemory(), store.Options{})
		if status := m.get("/socket.io/"); status != http.StatusInternalServerError {
			m.Errorf("got %d", status)
		}
		m.logs("level=ERROR", "before Enable")
	},
	"an event is never answered": func(m *mistaken) {
		m.mounted()
		m.comes(func(c *rawclient.Client) {
			c.Say(`421["nosuch",1]`)
			c.Say(`422["n",1]`)
			got, err := c.Receive()
			if err == nil && got.String() == "431[]" { // go-socket.io v1.8 says that nothing handled it
				got, err = c.Receive()
			}
			if err != nil || !strings.HasPrefix(got.String(), "432[") {
				m.Errorf("got %s, %v", got, err)
			}
		})
	},
	"a panic at the start": func(m *mistaken) {
		sessions := m.mounted()
		for _, register := range []func(){
			func() { sessions.OnEvent("/", "f", func(socketio.Conn, *plugin.Session, func()) {}) },
			func() { sessions.OnEvent("/", "n", func(socketio.Conn, *plugin.Session) {}) },
			func() { sessions.OnEvent("chat", "say", func(socketio.Conn, *plugin.Session) {}) },
		} {
			func() {
				defer func() {
					if text := fmt.Sprint(recover()); !strings.HasPrefix(text, "sessions: ") {
						m.Errorf("got %s", text)
					}
				}()
				register()
			}()
		}
	},
	"`no_cookie`, though":   nil,
	"polls come late, webs": nil,
}

// The README's table of what does not work is right, row by row.
func TestWhenItDoesNotWork(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(readme), "## When it does not work\n")
	table, _, _ = strings.Cut(table, "\n## ")
	rows := strings.Split(table, "\n| ")[3:]
	if len(rows) != len(remedies) {
		t.Errorf("the table has %d rows, and %d are tested", len(rows), len(remedies))
	}
	for begin, shows := range remedies {
		t.Run(begin, func(t *testing.T) {
			t.Parallel()
			found := 0
			for _, row := range rows {
				if strings.HasPrefix(row, begin) {
					found++
				}
			}
			if found != 1 {
				t.Fatalf("%d rows of the table begin so", found)
			}
			if shows != nil {
				shows(newMistaken(t))
			}
		})
	}
}

// Both paths serve, with and without the slash, as clients with addTrailingSlash: false
// need it; and nothing is logged where all is right.
func TestWithoutTrailingSlash(t *testing.T) {
	t.Parallel()
	m := newMistaken(t)
	sessions := m.mounted()
	m.mux.Handle("/socket.io", sessions)
	m.mux.Handle("/", sessions.LoadAndSave(http.NotFoundHandler()))
	for _, path := range []string{"/socket.io", "/socket.io/"} {
		if status := m.get(path); status != http.StatusOK {
			t.Errorf("%s: got %d", path, status)
		}
	}
	m.comes(func(*rawclient.Client) {})
	if m.log.count("sessions: ")+m.log.count("transport: ") > 0 {
		t.Error("something is logged")
	}
}

// An app may serve files of its own under the path, as the Node client's script: nothing is
// logged of them.
func TestOwnFileUnderThePath(t *testing.T) {
	t.Parallel()
	m := newMistaken(t)
	sessions := m.mounted()
	m.mux.Handle("/socket.io/socket.io.js", sessions.LoadAndSave(http.NotFoundHandler()))
	if status := m.get("/socket.io/socket.io.js"); status != http.StatusNotFound {
		t.Errorf("got %d", status)
	}
	if m.log.count("did not come") > 0 {
		t.Error("an app's own file is taken for a mistake")
	}
}
