package plugin_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/alexedwards/scs/v2"
	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// DESIGN, plugin: what cannot work is said at once. A wire that its server was not
// made with would protect nothing; a second Enable would replace the first.
func TestEnableRefusesStrangers(t *testing.T) {
	t.Parallel()
	newManager := func() *scs.SessionManager {
		manager := scs.New()
		store.Attach(manager, store.NewMemory(), store.Options{})
		return manager
	}
	wire := transport.New(transport.Options{Logger: discard})
	made, second := socketio.NewServer(wire.EngineOptions(nil)), socketio.NewServer(wire.EngineOptions(nil))
	stock := socketio.NewServer(nil)
	for _, row := range []struct {
		name   string
		server *socketio.Server
		wire   *transport.Wire
		want   string // "" for no error
	}{
		{"a server that was not made with the wire", stock, wire, "EngineOptions"},
		{"a server of another wire", made, transport.New(transport.Options{}), "EngineOptions"},
		{"the wire's server", made, wire, ""},
		{"the same once more", made, wire, "before"},
		{"a second server of the wire", second, wire, "another server"},
		{"a stock server, after it was refused", stock, nil, ""},
		{"a stock server once more", stock, nil, "before"},
	} {
		manager := newManager()
		before := manager.Store
		_, err := plugin.Enable(row.server, manager, plugin.Options{Transport: row.wire, Logger: discard})
		if (err != nil) != (row.want != "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v", row.name, err)
		}
		if manager.Store != before {
			t.Errorf("%s: the manager has another store", row.name)
		}
	}
}

// A store that comes after Enable would give requests other sessions than
// sockets. The first request of either kind says so, once, and none is served.
func TestStoreReplacedAfterEnable(t *testing.T) {
	t.Parallel()
	for name, replace := range map[string]func(*scs.SessionManager){
		"attached": func(m *scs.SessionManager) { store.Attach(m, store.NewMemory(), store.Options{}) },
		"set":      func(m *scs.SessionManager) { m.Store = scs.New().Store },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log lines
			a := newApp(t, nil, plugin.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}, func(a *app) {
				register(a)
				replace(a.manager)
			})
			for range 2 {
				for _, k := range allKinds {
					if !a.wired() && k.version == 4 {
						continue
					}
					if c, status := a.open(k, http.Header{}); c != nil || status != http.StatusInternalServerError {
						t.Errorf("a handshake by %v got %d", k, status)
					}
				}
				if body, cookie := a.get("", "/put?k=v"); cookie != "" || !strings.Contains(body, "before Enable") {
					t.Errorf("a request got %q and the cookie %q", body, cookie)
				}
			}
			if n := log.count("level=ERROR"); n != 1 || log.count("store.Attach") != 1 {
				t.Errorf("it was said %d times: %s", n, &log.b)
			}
		})
	}
}
