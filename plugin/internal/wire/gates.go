package wire

import (
	"bytes"
	"encoding/json"
)

// gates lists the namespaces that the plugin gates, and the events that it handles by
// itself. It does not change once the Wire serves.
type gates struct {
	gated  map[string]bool                    // by namespace
	events map[string]map[string]EventHandler // by namespace and event
}

func (g *gates) gate(namespace string) {
	if g.gated == nil {
		g.gated = make(map[string]bool)
	}
	g.gated[namespace] = true
}

// has reports whether a namespace is gated.
func (g *gates) has(namespace string) bool { return g.gated[namespace] }

func (g *gates) own(namespace, event string, handle EventHandler) {
	if g.events == nil {
		g.events = make(map[string]map[string]EventHandler)
	}
	if g.events[namespace] == nil {
		g.events[namespace] = make(map[string]EventHandler)
	}
	g.events[namespace][event] = handle
}

// owner returns the handler of an event, nil if go-socket.io has that. name is a JSON
// string.
func (g *gates) owner(namespace string, name []byte) EventHandler {
	if len(name) < 2 {
		return nil
	}
	if bytes.IndexByte(name, '\\') < 0 {
		return g.events[namespace][string(name[1:len(name)-1])]
	}
	var event string
	if json.Unmarshal(name, &event) != nil {
		return nil
	}
	return g.events[namespace][event]
}
