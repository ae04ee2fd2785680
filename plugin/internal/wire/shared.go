package wire

import "github.com/gorilla/websocket"

// shared is what the connections of one Wire have in common. All but the pool
// and the registry, which have locks of their own, is fixed once the Wire serves.
type shared struct {
	options  Options
	origins  origins
	identity Identity
	gates    gates
	guard    guard
	upgrader websocket.Upgrader
	server   server
	registry registry
	pool     pool
}

// knows tells whether the server has a namespace. It waits for go-socket.io:
// see server.has.
func (s *shared) knows(namespace string) bool {
	return s.gates.has(namespace) || s.server.has(namespace)
}

// limit bounds what a websocket takes in.
func (s *shared) limit(ws *websocket.Conn) *websocket.Conn {
	ws.SetReadLimit(int64(s.options.MaxMessageBytes) + 1) // and the type of the packet
	return ws
}
