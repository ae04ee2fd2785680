// Package wire provides the Engine.IO transports for go-socket.io. Apps use them
// through package transport. This page is for those who change the package.
//
// go-socket.io stays unchanged. It takes the transports through engineio.Options,
// and sees Engine.IO version 3 over one transport, whatever the client uses. It
// never sees a heartbeat, an upgrade, or a packet that the guard has not checked.
//
// A [Wire] is the transports of one server. A [Conn] is one client's connection for
// its whole life. The plugin says whose a connection is ([Wire.Identify]), which
// namespaces wait for its answer ([Wire.Gate], [Conn.Admit], [Conn.Refuse]), and
// which events it acknowledges by itself ([Wire.Own]). The package knows nothing
// about sessions.
//
// A Conn calls its parts: a lifecycle, an inbox, a sender, namespaces, acks, a
// watchdog, a heartbeat. A part calls its Conn only through a small interface. The mu
// of the lifecycle guards all of them but the heartbeat, which needs no lock.
//
// Errors and log lines begin with "transport:", the package that apps know.
//
// The protocols: https://github.com/socketio/engine.io-protocol
// (versions 3 and 4) and https://github.com/socketio/socket.io-protocol
// (versions 4 and 5).
package wire
