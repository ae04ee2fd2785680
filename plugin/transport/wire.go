package transport

import (
	"context"
	"net/http"

	socketio "github.com/googollee/go-socket.io"
	"github.com/googollee/go-socket.io/engineio"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/wire"
)

// AuthHeader is the header in which a plugin.Cutter finds the auth payload of a 3.x or
// 4.x client: "Socket-Io-Auth". Each string member also has its own header:
// {"token": "x"} is "Socket-Io-Auth-Token: x" too. Such headers from the client itself
// are dropped. A payload with both "token" and "Token", which are one header, ends the
// connection.
const AuthHeader = wire.AuthHeader

// A Wire is the transports of one go-socket.io server. [New] makes it. Call
// EngineOptions and Handler before it serves. Its other methods are safe for
// concurrent use.
type Wire wire.Wire

// New returns a Wire for one server. [Wire.Err] and plugin.Enable report invalid
// settings; a Wire with such settings refuses every client.
func New(options Options) *Wire { return (*Wire)(wire.New(wire.Options(options))) }

// Err returns an error that names every invalid setting, nil if all are valid.
func (w *Wire) Err() error { return (*wire.Wire)(w).Err() }

// EngineOptions returns the options with which to make the server: a copy of o,
// which may be nil, with the Wire's transports, random ids unless o has a generator,
// and the times of the heartbeat. Make the server with these options unchanged: the
// Wire serves no other. RequestChecker and ConnInitor are called for handshakes only.
func (w *Wire) EngineOptions(o *engineio.Options) *engineio.Options {
	return (*wire.Wire)(w).EngineOptions(o)
}

// Handler returns the handler to serve at the resource path in place of the server.
// If the server was not made with [Wire.EngineOptions], the handler answers every
// handshake with HTTP 500 and the reason. With sessions, serve plugin.Sessions
// instead.
func (w *Wire) Handler(server *socketio.Server) http.Handler {
	return (*wire.Wire)(w).Handler(server)
}

// Len returns the number of connections.
func (w *Wire) Len() int { return (*wire.Wire)(w).Len() }

// Close refuses new clients and ends every connection, 500 a second or more where three
// quarters of the time that ctx has would not do. It returns nil when all have ended, or
// ctx's error when ctx ends first, with all who are left ended at once. Call socketio.Server.Close only after it:
// during a handshake, that would end the process. With sessions,
// plugin.Sessions.Close calls it.
func (w *Wire) Close(ctx context.Context) error { return (*wire.Wire)(w).Close(ctx, wire.CloseRate) }
