// Package transport provides Engine.IO transports for go-socket.io. Every socket.io
// client from 1.7 to 4.x connects, over polling, websocket, or an upgrade from one to
// the other. No client can end the process, block another client, or take over
// another's connection.
//
//	wire := transport.New(transport.Options{})
//	server := socketio.NewServer(wire.EngineOptions(nil))
//	go server.Serve()
//	http.Handle("/socket.io/", wire.Handler(server))
//
// With sessions, set plugin.Options.Transport to the wire, and serve the plugin's
// handler instead. go-socket.io stays unchanged: it takes the transports through
// engineio.Options.
//
// The protocols: https://github.com/socketio/engine.io-protocol
// (versions 3 and 4) and https://github.com/socketio/socket.io-protocol
// (versions 4 and 5).
package transport
