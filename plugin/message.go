package plugin

import (
	"encoding/json"
	"fmt"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/wire"
)

// A message is what Emit and Disconnect send to the sockets of a target: an event, or a
// Refusal.
type message struct {
	To        Target
	Namespace string // "" for all, of a session or a user
	cast      *wire.Cast
	Refusal   *Refusal // of a Disconnect
}

// messageVersion goes up when earlier releases would take a message for another one.
const messageVersion = 1

// messageJSON is a message on its way to another node. Whom the target leaves out is not
// there, and go-socket.io's own transports give others the same ids.
type messageJSON struct {
	Version     int             `json:"v"`
	To          kind            `json:"to"`
	Name        string          `json:"name,omitempty"` // of a user's session its id
	User        string          `json:"user,omitempty"`
	Namespace   string          `json:"namespace,omitempty"`
	Event       json.RawMessage `json:"event,omitempty"` // its name and arguments, a JSON array
	Attachments [][]byte        `json:"attachments,omitempty"`
	Refusal     *Refusal        `json:"refusal,omitempty"`
}

// encode returns the message as other nodes get it.
func (m message) encode() (json.RawMessage, error) {
	body := messageJSON{Version: messageVersion, To: m.To.kind, Name: m.To.name, User: m.To.user, Namespace: m.Namespace, Refusal: m.Refusal}
	if m.cast != nil {
		body.Event, body.Attachments = m.cast.Data(), m.cast.Attachments()
	}
	return json.Marshal(body)
}

// decodeMessage reads a message of another node. One of a later release is an error if
// this one cannot know whom it is for.
func decodeMessage(data []byte) (message, error) {
	var body messageJSON
	if err := json.Unmarshal(data, &body); err != nil {
		return message{}, fmt.Errorf("sessions: a message of another node: %w", err)
	}
	if body.Version > messageVersion || !body.To.known() {
		return message{}, fmt.Errorf("sessions: a message of another node: %w", errLater)
	}
	m := message{To: Target{kind: body.To, name: body.Name, user: body.User}, Namespace: body.Namespace, Refusal: body.Refusal}
	if body.Refusal == nil {
		m.cast = wire.CastOf(body.Namespace, body.Event, body.Attachments)
	}
	return m, nil
}
