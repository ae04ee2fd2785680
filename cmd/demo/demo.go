package main

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/alexedwards/scs/v2"
	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// demo is the app: one session manager, used by HTTP and by the sockets.
type demo struct {
	config   config
	log      *slog.Logger
	manager  *scs.SessionManager
	store    *store.Store
	server   *socketio.Server
	sessions *plugin.Sessions
	client   string // socket.io.js, "" when there is none
	page     *page
}

// newDemo joins the parts. This is what an app of your own would copy.
func newDemo(config config, backend backend, log *slog.Logger) (*demo, error) {
	d := &demo{config: config, log: log, client: readClient(config.client)}

	d.manager = scs.New()
	d.manager.Lifetime = config.lifetime
	d.manager.IdleTimeout = config.idle
	d.manager.ErrorFunc = d.storeFailed
	d.store = store.Attach(d.manager, backend.Backend, store.Options{User: userOf})

	wire := transport.New(transport.Options{AllowedOrigins: config.origins, MaxWaitingBytes: 64 << 20, Logger: log})
	d.server = socketio.NewServer(wire.EngineOptions(nil))
	var err error
	d.sessions, err = plugin.Enable(d.server, d.manager, plugin.Options{
		Transport:  wire,
		Path:       config.path + "/",
		Scope:      config.scope,
		StoreGrace: -1,
		CloseRate:  config.rate,
		Logger:     log,
		OnError:    d.socketFailed,
	})
	if err != nil {
		return nil, err
	}
	d.handleEvents()
	d.handleChat()

	d.page, err = newPage(config, backend.name, d.client != "")
	return d, err
}

// storeFailed answers requests whose session could not be loaded or saved.
func (d *demo) storeFailed(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, store.ErrTooLarge) {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	d.log.Error("session store", "path", r.URL.Path, "error", err)
	http.Error(w, "the session store does not answer", http.StatusServiceUnavailable)
}

func (d *demo) socketFailed(f plugin.Failure) {
	var refusal *plugin.Refusal
	if errors.As(f.Err, &refusal) {
		return // the client was told; nothing failed here
	}
	d.log.Error("socket", "stage", f.Stage, "session", f.ID, "error", f.Err)
}
