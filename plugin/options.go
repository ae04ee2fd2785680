package plugin

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/limit"
	"github.com/socketio-sessions/socketio-sessions/plugin/internal/wire"
	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
)

// Options are the settings of [Enable]. The zero value is ready to use.
type Options struct {
	// Transport is the wire that the server was made with, by the wire's
	// EngineOptions; Enable refuses any other. Default nil: go-socket.io's own
	// transports, which keep fewer promises; see package transport's README.
	Transport *transport.Wire

	// Path is the resource path: where the transports and the client script
	// are served. Default "/socket.io/". Change it with the client's path.
	Path string

	// Cutter finds the token in the handshake request. Default
	// FromCookie(manager.Cookie.Name). Change it for clients without cookies.
	Cutter Cutter

	// RefuseHandshake answers the handshake of a client without a session with
	// HTTP 401, 400 where it has several session cookies, or 503 where the store
	// fails, and the Refusal as JSON. Default false: the client connects and is
	// refused by a packet, which its page can read; clients do not show the body of
	// an HTTP answer. OnInvalid hears of packets only. Set it where nobody without a
	// session has any business. A root that allows anonymous clients overrides it, and
	// so does a ticket. Leave it off for clients whose token comes with the auth
	// payload: the handshake does not carry that yet, and they would all get 401.
	RefuseHandshake bool

	// Scope is the scope of every namespace that Configure gives no other.
	// Default PerConnection.
	Scope Scope

	// Access is the access of every event that is given no other. Default
	// ReadWrite.
	Access Access

	// Strict refuses events with too few or too many arguments, where Configure and OnEvent
	// say nothing else. Default Lenient.
	Strict Strictness

	// FlushInterval is how long a change of a PerConnection session may wait
	// to be saved. Where nothing is heard of other processes, as around
	// store.Wrap, it is also how old its view of the store may be. Default 1 s.
	// Shorter loses less when the process is killed and costs more writes.
	FlushInterval time.Duration

	// HandlerTimeout is how long an event waits for the earlier ones of its
	// session before it is acknowledged with the code busy. Default 30 s.
	HandlerTimeout time.Duration

	// EmitWait is how long the Emit of a handler's connection waits while more than half
	// of the wire's MaxQueueBytes waits for the client: in all for one event, and as
	// long again for each MaxQueueBytes that the client takes meanwhile. So a handler
	// may emit more than that at once. The wait holds up the events of the session, and
	// whoever wants a lock that the handler holds. Emit does not wait in the function of
	// an Update, nor while no event of the connection is handled. A client that is too
	// slow then is dropped, with the reason "slow". Default 1 s; negative: never. It has
	// no effect without Transport.
	EmitWait time.Duration

	// MaxStale lets a PerMessage event trust notifications: it does not ask the
	// store when its view is at most this old and nothing was heard since. That
	// saves a round trip, and an event may miss what another node wrote in the
	// last moment; what it writes still merges, and Update is still exact. It has
	// no effect around store.Wrap, where nothing is heard. Default 0: always ask.
	MaxStale time.Duration

	// StoreGrace is how long open sockets stay when the store fails, counted from
	// when it was last heard: its last answer, or what it said unasked. Meanwhile
	// PerMessage events are acknowledged with the code store_error, and others go on
	// with the copy in memory, which is saved when the store is back, unless the
	// session has ended. When the time is over, the sockets end with store_error,
	// spread over a few seconds: they come back by themselves. New ones are refused at once. Default 30 s; negative: for ever. A
	// longer one rides out a longer outage; but a node that cannot hear of a logout
	// keeps its sockets for as long.
	StoreGrace time.Duration

	// ProbeInterval is how long a session may go without the store being asked
	// whether it still lives, in case that the notification of its end was lost. While
	// the store hears of nothing, as around store.Wrap or when Redis has cut it off, it
	// is 10 s at most; afterwards the store is asked for every session once. Default
	// 100 s. Set 10 s where a node with SCS's own redisstore shares the sessions: it
	// tells nobody of a logout.
	ProbeInterval time.Duration

	// CloseRate is about how many clients come back in a second, at most, when
	// [Sessions.Close] sends them away: it sends four fifths of that, since each waits a
	// random time. More go where its context's time would not do. Set it to what the
	// other nodes can take beside their work. Default 500; negative sends all away at
	// once.
	CloseRate int

	// MaxSocketsPerSession is how many connections of one session this process
	// lets in; further ones are refused with the code too_many. Default 0: any
	// number.
	MaxSocketsPerSession int

	// MaxAnonymous is how many connections without a session this process lets in;
	// further ones are refused with the code too_many. Default 0: any number.
	MaxAnonymous int

	// NoPrivateRooms gives up the room that go-socket.io makes for each connection,
	// named by its ID. go-socket.io walks all rooms when a connection closes: with 8,000
	// open, to connect, send one event and close costs 1.7 times as much as with none,
	// and as much as with none if this is set. Set it where thousands are open, unless the
	// app calls server.BroadcastToRoom with the ID of a connection, or
	// server.BroadcastToNamespace, which reaches only connections that are in a room.
	// [Everyone] and the Emit of a connection do without. Default false.
	NoPrivateRooms bool

	// Tickets lets pages whose cookie cannot reach the socket connect: a POST to
	// session-ticket under Path, which only pages of the server's own origin and of
	// the wire's AllowedOrigins may send, is answered with a ticket for the session of its cookie, and a
	// handshake may carry that in its query once, within 30 s. The client script
	// does both. Default false.
	Tickets bool

	// KeepAlive makes an open socket count as use of its session, as an event
	// does. Default false: a session whose page is open and idle expires.
	KeepAlive bool

	// OnError hears of failures that no handler is told of. It may be called
	// concurrently and must return soon. Of a stage and a cause it hears five
	// times a minute; the next error says how many were left out, and unwraps to
	// its own. Default: they are logged.
	OnError func(Failure)

	// Observer hears what becomes of sockets, their events and their sessions.
	// Default none.
	Observer Observer

	// Logger hears of what an operator should know, of each kind five times a
	// minute; "untold" is how many lines were left out before. It never gets a
	// token. Default slog.Default().
	Logger *slog.Logger
}

// withDefaults returns the options with every field set.
func (o Options) withDefaults(manager *scs.SessionManager) Options {
	if o.Path == "" {
		o.Path = "/socket.io/"
	}
	o.Path = strings.TrimSuffix(o.Path, "/") + "/"
	if o.Cutter == nil {
		o.Cutter = FromCookie(manager.Cookie.Name)
	}
	if o.FlushInterval == 0 {
		o.FlushInterval = time.Second
	}
	if o.ProbeInterval == 0 {
		o.ProbeInterval = 100 * time.Second
	}
	if o.StoreGrace == 0 {
		o.StoreGrace = 30 * time.Second
	}
	if o.EmitWait == 0 {
		o.EmitWait = time.Second
	}
	if o.CloseRate == 0 {
		o.CloseRate = wire.CloseRate
	}
	if o.HandlerTimeout == 0 {
		o.HandlerTimeout = 30 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.OnError == nil {
		logger := o.Logger
		o.OnError = func(f Failure) {
			args := []any{"id", f.ID, "err", f.Err}
			if f.Namespace != "" {
				args = append(args, "namespace", f.Namespace)
			}
			if f.Event != "" {
				args = append(args, "event", f.Event)
			}
			var panicked *Panic
			if errors.As(f.Err, &panicked) {
				args = append(args, "stack", string(panicked.Stack))
			}
			logger.Error("sessions: "+f.Stage, args...)
		}
	}
	o.Logger = limit.Logger(o.Logger)
	return o
}

// leaveRate is how many clients Close sends away in a second.
func (o Options) leaveRate() int { return o.CloseRate - o.CloseRate/5 }

// validate names every setting that cannot work.
func (o Options) validate(manager *scs.SessionManager) error {
	var problems []error
	complain := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("sessions: "+format, args...))
	}
	if o.Transport != nil && o.Transport.Err() != nil {
		problems = append(problems, fmt.Errorf("sessions: %w", o.Transport.Err()))
	}
	if o.Path != "" && !strings.HasPrefix(o.Path, "/") {
		complain("Options.Path %q does not begin with a slash", o.Path)
	}
	if o.Scope != PerConnection && o.Scope != PerMessage {
		complain("Options.Scope %d is neither PerConnection nor PerMessage", o.Scope)
	}
	if o.Access != ReadWrite && o.Access != ReadOnly {
		complain("Options.Access %d is neither ReadWrite nor ReadOnly", o.Access)
	}
	if o.MaxSocketsPerSession < 0 {
		complain("Options.MaxSocketsPerSession %d is negative", o.MaxSocketsPerSession)
	}
	if o.MaxAnonymous < 0 {
		complain("Options.MaxAnonymous %d is negative", o.MaxAnonymous)
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"FlushInterval", o.FlushInterval},
		{"HandlerTimeout", o.HandlerTimeout},
		{"MaxStale", o.MaxStale},
		{"ProbeInterval", o.ProbeInterval},
	} {
		if d.value < 0 {
			complain("Options.%s %v is negative", d.name, d.value)
		}
	}
	if o.Cutter == nil {
		if path := o.withDefaults(manager).Path; !cookieReaches(manager.Cookie.Path, path) {
			complain("no browser sends the cookie to %q: manager.Cookie.Path is %q", path, manager.Cookie.Path)
		}
		cookie := http.Cookie{Name: manager.Cookie.Name, Value: "x"} //nolint:gosec // it is never sent
		if cookie.Valid() != nil {
			complain("manager.Cookie.Name %q is no cookie name", manager.Cookie.Name)
		}
	}
	return errors.Join(problems...)
}

// cookieReaches reports whether a browser sends a cookie of this path to a
// request below target (RFC 6265, 5.1.4). An empty cookie path depends on the
// page that sets it, so it gets the benefit of the doubt.
func cookieReaches(cookiePath, target string) bool {
	if cookiePath == "" {
		return true
	}
	return strings.HasPrefix(target, strings.TrimSuffix(cookiePath, "/")+"/")
}
