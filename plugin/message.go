package plugin

import "encoding/json"

// A message is what Emit and Disconnect send to the nodes that have sockets of a
// session: an event, or a Refusal.
type message struct {
	Namespace string            `json:"namespace,omitempty"`
	Event     string            `json:"event,omitempty"`
	Args      []json.RawMessage `json:"args,omitempty"`
	Refusal   *Refusal          `json:"refusal,omitempty"` // of a Disconnect
}

// deliver hands an encoded message to the sockets that it is for.
func deliver(data []byte, sockets []*socket) error {
	var m message
	if err := json.Unmarshal(data, &m); err != nil {
		return err
	}
	for _, so := range sockets {
		registry := so.common.registry
		switch {
		case m.Refusal != nil:
			so.sendOut(m.Refusal)
		case so.namespace.name == m.Namespace && registry.hold(so):
			so.emit(m.Event, m.Args)
			registry.running.Done()
		}
	}
	return nil
}
