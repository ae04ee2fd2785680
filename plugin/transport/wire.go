package transport

import (
	"context"
	"net/http"

	socketio "github.com/googollee/go-socket.io"
	"github.com/googollee/go-socket.io/engineio"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/wire"
)

// AuthHeader is the header under which a plugin.Cutter finds the auth payload of
// clients 3.x and 4.x: "Socket-Io-Auth". A member that is a string has a header of
// its own: {"token": "x"} is also "Socket-Io-Auth-Token: x". Headers of these names
// that a client sends are dropped, and a payload with both "token" and "Token",
// which are one header, ends its connection.
const AuthHeader = wire.AuthHeader

// A Wire is the transports of one go-socket.io server. It is made by [New], and
// set up before it serves: EngineOptions and Handler are for then. Its other
// methods are safe for concurrent use.
type Wire wire.Wire

// New returns a Wire for one server. Settings that cannot work are reported by
// [Wire.Err], and by plugin.Enable; such a Wire lets nobody in.
func New(options Options) *Wire { return (*Wire)(wire.New(wire.Options(options))) }

// Err names every setting that cannot work, nil when all do.
func (w *Wire) Err() error { return (*wire.Wire)(w).Err() }

// EngineOptions returns the options to make the server with: a copy of o, nil
// for none, in which the transports are the Wire's, and random ids and the
// heartbeat's times are filled in where they are missing. Call it before the
// Wire serves, and make the server with what it returns, as that is: the Wire
// serves no other. RequestChecker and ConnInitor hear of handshakes only.
func (w *Wire) EngineOptions(o *engineio.Options) *engineio.Options {
	return (*wire.Wire)(w).EngineOptions(o)
}

// Handler returns the handler to serve at the resource path, in place of the
// server, which must have been made with [Wire.EngineOptions]: else it answers
// every handshake with HTTP 500, and says why. With sessions, plugin.Sessions is
// the handler.
func (w *Wire) Handler(server *socketio.Server) http.Handler {
	return (*wire.Wire)(w).Handler(server)
}

// Len returns how many connections there are.
func (w *Wire) Len() int { return (*wire.Wire)(w).Len() }

// Close turns new clients away, ends every connection, and returns when all
// have ended or ctx has, with ctx's error. Afterwards socketio.Server.Close
// does no harm: while a handshake is under way it would end the process. With
// sessions, plugin.Sessions.Close does it.
func (w *Wire) Close(ctx context.Context) error { return (*wire.Wire)(w).Close(ctx) }
