package plugin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/alexedwards/scs/v2"
	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/clientjs"
	"github.com/socketio-sessions/socketio-sessions/plugin/internal/live"
	"github.com/socketio-sessions/socketio-sessions/plugin/internal/wire"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// Enable joins a server and a manager. Call it once for each server: after you have
// set up the manager and its store, and before the server serves.
//
// Enable keeps the manager's store if store.Attach has set it. Otherwise it wraps the
// store, and logs that sessions shared with other processes can lose changes. The
// error names every setting that cannot work, and whatever in SCS is not as expected.
func Enable(server *socketio.Server, manager *scs.SessionManager, options Options) (*Sessions, error) {
	switch {
	case server == nil:
		return nil, errors.New("sessions: the server is nil")
	case manager == nil:
		return nil, errors.New("sessions: the manager is nil")
	case manager.Store == nil:
		return nil, errors.New("sessions: the manager has no store")
	}
	if err := options.validate(manager); err != nil {
		return nil, err
	}
	if err := store.CheckSCS(manager); err != nil {
		return nil, fmt.Errorf("sessions: %w", err)
	}
	under := (*wire.Wire)(options.Transport)
	if under == nil && wire.IsOn(server) {
		return nil, errors.New("sessions: the server was made with a wire's EngineOptions: set Options.Transport to that wire")
	}
	if under != nil {
		if err := under.Check(server); err != nil {
			return nil, fmt.Errorf("sessions: Options.Transport: %w", err)
		}
	}
	if err := mark(server); err != nil {
		return nil, err
	}
	openRoot(server)
	s := &Sessions{
		server:     server,
		manager:    manager,
		options:    options.withDefaults(manager),
		namespaces: make(map[string]*hook),
	}
	attached, ok := manager.Store.(*store.Store)
	if !ok {
		s.options.Logger.Warn("sessions: the manager's store is wrapped; what other processes write at the same time can be lost")
		attached = store.Attach(manager, store.Wrap(manager.Store), store.Options{})
	}
	if err := checkBackend(attached.Core()); err != nil {
		return nil, err
	}
	s.attached = attached
	s.common = s.newCommon()
	s.post = &post{core: attached.Core(), common: s.common, look: look{server, s.common.registry, s.namespaces}}
	s.common.post = s.post
	s.common.book = live.New(s.liveConfig(), host{s.common, cookies{manager}})
	resolver := s.newResolver()
	wrong := &mistakes{server: server, manager: manager, attached: attached, path: s.options.Path, logger: s.options.Logger}
	if under != nil {
		s.common.gate = newWired(server, under, resolver, &s.common.seen, wrong)
	} else {
		s.common.gate = &stock{server: server, registry: s.common.registry}
	}
	s.door = s.newDoor(resolver, wrong)
	return s, nil
}

// openRoot lets clients connect where the app has handlers in other namespaces only:
// go-socket.io serves nobody while it has none in the root.
func openRoot(server *socketio.Server) {
	if !wire.Has(server, "/") {
		server.OnError("/", nil)
	}
}

// checkLimit is how long a backend may take to say that it can never work.
const checkLimit = 2 * time.Second

func checkBackend(core *store.Core) error {
	ctx, cancel := context.WithTimeout(context.Background(), checkLimit)
	defer cancel()
	if err := core.Check(ctx); err != nil {
		return fmt.Errorf("sessions: %w", err)
	}
	return nil
}

// newCommon returns what sockets share. Enable adds the gate and the book.
func (s *Sessions) newCommon() *common {
	failed := &failures{onError: s.options.OnError}
	seen := observers{s.options.Observer, failed}
	return &common{
		registry:       newRegistry(s.options.Transport == nil),
		claims:         &claims{s.attached.Core(), seen.claimed},
		seen:           seen,
		handlerTimeout: s.options.HandlerTimeout,
		emitWait:       s.options.EmitWait,
		maxAnonymous:   s.options.MaxAnonymous,
		keepAlive:      s.options.KeepAlive,
		noPrivateRooms: s.options.NoPrivateRooms,
		failures:       failed,
	}
}

func (s *Sessions) newResolver() *resolver {
	core := s.attached.Core()
	r := &resolver{cutter: s.options.Cutter, store: core, manager: s.manager, failures: s.common.failures}
	if s.options.Tickets {
		r.tickets = &tickets{core}
	}
	return r
}

func (s *Sessions) newDoor(resolver *resolver, wrong *mistakes) *door {
	several := &ambiguities{s.options.Path, &s.manager.Cookie, s.options.Logger}
	in := &posts{s.common.gate, wrong, several}
	d := &door{
		path:        s.options.Path,
		script:      clientjs.Handler(),
		claims:      &redeemer{in, s.common.claims, resolver, s.manager, s.attached, s.common.failures},
		gate:        s.common.gate,
		resolver:    resolver,
		mistakes:    wrong,
		ambiguities: several,
		seen:        &s.common.seen,
		closing:     s.common.registry.isClosing,
		strict: func() bool {
			root := s.namespaces["/"]
			return s.options.RefuseHandshake && (root == nil || !root.anonymous)
		},
	}
	if s.options.Tickets {
		d.tickets = &issuer{in, resolver.tickets, resolver}
	}
	return d
}

func (s *Sessions) liveConfig() live.Config {
	config := live.Config{
		Manager:       s.manager,
		Store:         s.attached.Core(),
		FlushInterval: s.options.FlushInterval,
		MaxStale:      s.options.MaxStale,
		ProbeInterval: s.options.ProbeInterval,
		StoreGrace:    s.options.StoreGrace,
		KeepAlive:     s.options.KeepAlive,
		MaxSeats:      s.options.MaxSocketsPerSession,
		Large:         (&largeness{logger: s.options.Logger}).warn,
		LargeBytes:    largeSession,
	}
	if s.common.seen.Loaded != nil {
		config.Loaded = s.common.seen.loaded
	}
	if s.common.seen.Saved != nil || s.common.seen.Sized != nil {
		config.Saved = s.common.seen.saved
	}
	if s.common.seen.Conflicted != nil {
		config.Conflicted = s.common.seen.conflicted
	}
	return config
}
