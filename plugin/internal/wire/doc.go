// Package wire is Engine.IO under go-socket.io, behind the face that apps see,
// package transport. This page is for who changes it.
//
// go-socket.io is not changed: it takes transports through engineio.Options. It
// sees protocol version 3 of Engine.IO over one transport, whatever the client
// speaks, and never a heartbeat, an upgrade or a packet that the guard has not
// checked.
//
// A [Wire] is the transports of one server, a [Conn] one client's connection for
// its whole life. The plugin says whose a connection is ([Wire.Identify]), which
// namespaces wait for its answer ([Wire.Gate], [Conn.Admit], [Conn.Refuse]), and
// which events it acknowledges by itself ([Wire.Own]). Nothing here knows of
// sessions.
//
// Errors and log lines begin with "transport:", the name that apps know.
//
// The protocols are those of https://github.com/socketio/engine.io-protocol
// (versions 3 and 4) and https://github.com/socketio/socket.io-protocol
// (versions 4 and 5).
package wire
