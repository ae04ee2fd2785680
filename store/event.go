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

// An Event says what became of the session of an id.
type Event struct {
	ID   string
	Kind Kind
	// Keys are the keys of the values that changed, where they are known.
	Keys []string
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
	// From, ID and Kind are made of letters, digits, - and _.
	return fmt.Appendf(nil, `{"v":%d,"from":%q,"id":%q,"kind":%q,"keys":%s}`,
		noteVersion, n.From, n.Event.ID, n.Event.Kind, names), nil
}

// UnmarshalJSON decodes a note. One of a later version, or of a kind that this
// release does not know, is Missed: something has happened.
func (n *Note) UnmarshalJSON(b []byte) error {
	var body noteJSON
	if err := json.Unmarshal(b, &body); err != nil {
		return err
	}
	*n = Note{From: body.From, Event: Event{ID: body.ID, Kind: body.Kind, Keys: body.Keys}}
	switch body.Kind {
	case Changed, Destroyed, Renewed, Expired:
		if body.Version == noteVersion {
			return nil
		}
	}
	n.Event.Kind, n.Event.Keys = Missed, nil
	return nil
}
