package wire

import "github.com/gorilla/websocket"

// shared is what all connections of a Wire share. It does not change once the Wire
// serves, except for the last six, which guard themselves.
type shared struct {
	options  Options
	err      error // names every invalid option
	origins  origins
	identity Identity
	observer Observer
	gates    gates
	guard    guard
	upgrader websocket.Upgrader
	server   server
	registry registry
	pool     pool
	waiting  waiting
	flusher  flusher
	mistakes mistakes

	leftovers leftovers
}

// knows reports whether the server has a namespace. It waits for go-socket.io, as
// Has says.
func (s *shared) knows(namespace string) bool {
	return s.gates.has(namespace) || Has(s.server.Server, namespace)
}

// limit sets the largest message that a websocket accepts.
func (s *shared) limit(ws *websocket.Conn) *websocket.Conn {
	ws.SetReadLimit(int64(s.options.MaxMessageBytes) + 1) // one more for the packet type
	return ws
}
