package store

import (
	"encoding/json"
	"fmt"
)

// A Kind is what became of a session.
type Kind string

// What may become of a session. The last three end it.
const (
	Changed   Kind = "changed"   // values or the deadline
	Missed    Kind = "missed"    // unknown: events may have been lost
	Destroyed Kind = "destroyed" // by Destroy, as at a logout
	Renewed   Kind = "renewed"   // its token was replaced, as at a login
	Expired   Kind = "expired"   // its time was over
)

// Said is the kind of what [Core.Say] tells of a session. It does not end it.
const Said Kind = "said"

// renewing is the kind of a note that goes before Renewed: the old token is dead
// and the new one is not committed yet. Who finds the session gone meanwhile takes
// it for renewed; nobody is told. Destroyed follows when it comes to nothing.
const renewing Kind = "renewing"

// An Event says what became of the session of an id.
type Event struct {
	ID   string
	Kind Kind
	// Keys are the keys of the values that changed, where they are known.
	Keys []string
	// Data is what was said, in JSON.
	Data json.RawMessage
}

// ends tells whether the event is the end of its session.
func (e Event) ends() bool {
	return e.Kind == Destroyed || e.Kind == Renewed || e.Kind == Expired
}

// A Note is an event on its way from the Store that made it. The zero Note is
// none.
type Note struct {
	Event Event
	// From names the Store.
	From string
}

// noteVersion is raised when older releases could not understand a note.
const noteVersion = 1

type noteJSON struct {
	Version int      `json:"v"`
	From    string   `json:"from"`
	ID      string   `json:"id"`
	Kind    Kind     `json:"kind"`
	Keys    []string `json:"keys,omitempty"`

	Data json.RawMessage `json:"data,omitempty"`
}

// maxNoteKeys bounds a note; whoever needs more can ask.
const maxNoteKeys = 64

// MarshalJSON encodes the note for other processes. It never holds a token.
func (n Note) MarshalJSON() ([]byte, error) {
	keys := n.Event.Keys
	if len(keys) > maxNoteKeys {
		keys = nil
	}
	names, err := json.Marshal(keys)
	if err != nil {
		return nil, err
	}
	b := fmt.Appendf(NoteHead(n.From), `"id":%q,"kind":%q,"keys":%s`, n.Event.ID, n.Event.Kind, names)
	if n.Event.Data != nil {
		b = append(append(b, `,"data":`...), n.Event.Data...)
	}
	return append(b, '}'), nil
}

// NoteHead returns how the notes of a Store begin in JSON, by its name. From, ID and
// Kind are made of letters, digits, - and _.
func NoteHead(from string) []byte { return fmt.Appendf(nil, `{"v":%d,"from":%q,`, noteVersion, from) }

// UnmarshalJSON decodes a note. One of a later version, or of a kind that this
// release does not know, is Missed: something has happened.
func (n *Note) UnmarshalJSON(b []byte) error {
	var body noteJSON
	if err := json.Unmarshal(b, &body); err != nil {
		return err
	}
	*n = Note{From: body.From, Event: Event{ID: body.ID, Kind: body.Kind, Keys: body.Keys, Data: body.Data}}
	switch body.Kind {
	case Changed, Destroyed, Renewed, Expired, Said, renewing:
		if body.Version == noteVersion {
			return nil
		}
	}
	n.Event = Event{ID: body.ID, Kind: Missed}
	return nil
}
