package wire

import (
	"bytes"
	"encoding/json"
)

// gates lists the namespaces that the plugin gates, and the events that it
// acknowledges by itself. It does not change once the Wire serves.
type gates struct {
	gated  map[string]bool            // by namespace
	events map[string]map[string]bool // by namespace and event
}

func (g *gates) gate(namespace string) {
	if g.gated == nil {
		g.gated = make(map[string]bool)
	}
	g.gated[namespace] = true
}

// has reports whether a namespace is gated.
func (g *gates) has(namespace string) bool { return g.gated[namespace] }

func (g *gates) own(namespace, event string) {
	if g.events == nil {
		g.events = make(map[string]map[string]bool)
	}
	if g.events[namespace] == nil {
		g.events[namespace] = make(map[string]bool)
	}
	g.events[namespace][event] = true
}

// owns reports whether the plugin acknowledges an event by itself. name is a JSON
// string.
func (g *gates) owns(namespace string, name []byte) bool {
	if len(name) < 2 {
		return false
	}
	if bytes.IndexByte(name, '\\') < 0 {
		return g.events[namespace][string(name[1:len(name)-1])]
	}
	var event string
	return json.Unmarshal(name, &event) == nil && g.events[namespace][event]
}
