package main

import (
	"github.com/alexedwards/scs/v2"
	socketio "github.com/googollee/go-socket.io"
	"github.com/googollee/go-socket.io/engineio"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
)

// enable makes a server on our transports, or on stock ones, with sessions.
func enable(manager *scs.SessionManager, c config) (*socketio.Server, *plugin.Sessions, error) {
	options := plugin.Options{StoreGrace: c.storeGrace}
	var server *socketio.Server
	if c.stock {
		server = socketio.NewServer(&engineio.Options{PingInterval: c.pingInterval, PingTimeout: c.pingTimeout})
	} else {
		wire := transport.New(transport.Options{
			AllowedOrigins: c.origins,
			PingInterval:   c.pingInterval,
			PingTimeout:    c.pingTimeout,

			MaxWaitingBytes: c.maxWaiting,
		})
		server = socketio.NewServer(wire.EngineOptions(nil))
		options.Transport = wire
	}
	sessions, err := plugin.Enable(server, manager, options)
	return server, sessions, err
}
