// Package transport has the Engine.IO transports that go-socket.io should have
// had: every socket.io client from 1.7 to 4.x connects, over polling,
// websocket and the upgrade from one to the other, and nothing that a client
// sends ends the process, holds up another client, or takes over a connection
// that is not its own.
//
//	wire := transport.New(transport.Options{})
//	server := socketio.NewServer(wire.EngineOptions(nil))
//	go server.Serve()
//	http.Handle("/socket.io/", wire.Handler(server))
//
// With sessions, hand the wire to plugin.Options.Transport and serve the
// plugin's handler instead. go-socket.io is not changed: it takes transports
// through engineio.Options.
//
// The protocols are those of https://github.com/socketio/engine.io-protocol
// (versions 3 and 4) and https://github.com/socketio/socket.io-protocol
// (versions 4 and 5).
package transport
