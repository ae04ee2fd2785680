package plugin

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
)

// The stages that Options.OnError hears of.
const (
	StageConnect    = "connect"    // an OnConnect handler failed
	StageEvent      = "event"      // an event handler failed
	StageDisconnect = "disconnect" // an OnDisconnect handler failed
	StageInvalid    = "invalid"    // an OnInvalid handler failed
	StageLoad       = "load"       // a session could not be read from the store
	StageSave       = "save"       // a session could not be saved
	StageTouch      = "touch"      // a session could not be kept alive
)

// Options are the settings of [Enable]. The zero value is ready to use.
type Options struct {
	// Transport is the wire that the server was made with. Default nil:
	// go-socket.io's own transports, which keep fewer promises; the README has
	// a table.
	Transport *transport.Wire

	// Path is the resource path: where the transports and the client script
	// are served. Default "/socket.io/". Change it with the client's path.
	Path string

	// Cutter finds the token in the handshake request. Default
	// FromCookie(manager.Cookie.Name). Change it for clients without cookies.
	Cutter Cutter

	// RefuseHandshake answers the handshake of a client without a session with
	// HTTP 401, or 503 where the store fails, and the Refusal as JSON. Default
	// false: such a client connects, and is refused by a packet that tells it
	// why, which no client shows of an HTTP answer; only then OnInvalid hears of
	// it. Set it where nobody without a session has any business. A root that
	// allows anonymous clients overrides it, and so does a token that comes with
	// the auth payload: the handshake does not carry that.
	RefuseHandshake bool

	// Scope is the scope of every namespace that Configure gives no other.
	// Default PerConnection.
	Scope Scope

	// Access is the access of every event that is given no other. Default
	// ReadWrite.
	Access Access

	// FlushInterval is how long a change of a PerConnection session may wait
	// to be saved, and how old its view of the store may be. Default 1 s.
	// Shorter loses less when the process is killed and costs more writes.
	FlushInterval time.Duration

	// HandlerTimeout is how long an event waits for the earlier ones of its
	// session before it is acknowledged with the code busy. Default 30 s.
	HandlerTimeout time.Duration

	// OnError hears of failures that no handler is told of, with the stage,
	// the session's id ("" for none) and the error. It may be called
	// concurrently and must return soon. Default: they are logged.
	OnError func(stage, id string, err error)

	// Logger hears of what an operator should know. It never gets a token.
	// Default slog.Default().
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
	if o.HandlerTimeout == 0 {
		o.HandlerTimeout = 30 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.OnError == nil {
		logger := o.Logger
		o.OnError = func(stage, id string, err error) {
			var panicked *Panic
			if errors.As(err, &panicked) {
				logger.Error("sessions: "+stage, "id", id, "err", err, "stack", string(panicked.Stack))
				return
			}
			logger.Error("sessions: "+stage, "id", id, "err", err)
		}
	}
	return o
}

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
	if o.FlushInterval < 0 {
		complain("Options.FlushInterval %v is negative", o.FlushInterval)
	}
	if o.HandlerTimeout < 0 {
		complain("Options.HandlerTimeout %v is negative", o.HandlerTimeout)
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

// cookieReaches tells whether a browser sends a cookie of this path to a
// request below target (RFC 6265, 5.1.4). An empty cookie path depends on the
// page that sets it, so it gets the benefit of the doubt.
func cookieReaches(cookiePath, target string) bool {
	if cookiePath == "" {
		return true
	}
	return strings.HasPrefix(target, strings.TrimSuffix(cookiePath, "/")+"/")
}
