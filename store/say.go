package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

// A Speaker is a [Teller] that passes on notes by themselves, without a change
// of the session.
type Speaker interface {
	// Say passes the note on to every line that has joined its session.
	Say(ctx context.Context, note Note) error
}

var _ Speaker = (*Memory)(nil)

// Say tells whoever follows the session of an id something, here and, where the
// backend is a [Speaker], in other processes: they get an [Event] of the kind
// Said. data must be valid JSON and hold no token. What [ID] cannot have made is
// nobody's id.
func (c *Core) Say(ctx context.Context, id string, data json.RawMessage) error {
	if id == "" || strings.ContainsFunc(id, notOfID) {
		return nil
	}
	event := Event{ID: id, Kind: Said, Data: data}
	if speaker, ok := c.backend.(Speaker); ok {
		if err := speaker.Say(ctx, c.news.note(event)); err != nil {
			return fmt.Errorf("store: say: %w", err)
		}
	}
	c.news.tell(event, nil)
	return nil
}

// notOfID tells whether a character is none that an id is made of. Whatever is
// sent to other processes relies on that.
func notOfID(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
}

// Say implements [Speaker].
func (m *Memory) Say(_ context.Context, note Note) error {
	m.hub.tell(note)
	return nil
}
