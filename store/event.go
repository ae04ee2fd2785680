package store

import (
	"encoding/json"
	"strconv"
	"strings"
)

// A Kind is what happened to a session.
type Kind string

// What can happen to a session. The last four end it.
const (
	Changed   Kind = "changed"   // its values or its deadline changed
	Said      Kind = "said"      // somebody called [Core.Say]; the ID is that of a topic
	Missed    Kind = "missed"    // not known: events may have been lost; without an ID, of any session
	Destroyed Kind = "destroyed" // Destroy ended it, as at a logout
	Renewed   Kind = "renewed"   // a new token replaced its own, as at a login
	Expired   Kind = "expired"   // its time was over

	Superseded Kind = "superseded" // its user logged in elsewhere, above Options.MaxSessionsPerUser
)

// renewing is the kind of a note that goes ahead of Renewed: the old token is
// deleted, and the new one is not committed yet. Nobody is told, but whoever finds
// the session gone takes it for renewed. A renewal that fails ends with Destroyed.
const renewing Kind = "renewing"

// An Event says what happened to the session of an id.
type Event struct {
	ID   string
	Kind Kind
	// Keys are the keys of the values that changed, in order, where they are known:
	// in a session with maps, slices and the like they may not be.
	Keys []string
	// Data is what was said, as JSON.
	Data json.RawMessage
}

// ends reports whether the event ends its session.
func (e Event) ends() bool {
	switch e.Kind {
	case Destroyed, Renewed, Expired, Superseded:
		return true
	}
	return false
}

// A Note is an event on its way from the Store that made it to others. The zero
// Note says nothing, and is not passed on.
type Note struct {
	Event Event
	// From is the name of the Store.
	From string
}

// noteVersion goes up when older releases could not understand a note.
const noteVersion = 1

type noteJSON struct {
	Version int      `json:"v"`
	From    string   `json:"from"`
	ID      string   `json:"id"`
	Kind    Kind     `json:"kind"`
	Keys    []string `json:"keys,omitempty"`

	Data json.RawMessage `json:"data,omitempty"`
}

// MaxNoteBytes bounds a note in JSON.
const MaxNoteBytes = 256 << 10

// noteMargin is room for all but the data and the keys of a note.
const noteMargin = 512

// maxNoteKeys and maxNoteKeyBytes bound what a note says of keys. A listener that needs
// more of them can load the session.
const (
	maxNoteKeys     = 64
	maxNoteKeyBytes = 16 << 10
)

// MarshalJSON encodes the note for other processes. A note never contains a token.
func (n Note) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, 256+len(n.Event.Data))
	b = append(appendNoteHead(b, n.From), `"id":"`...)
	b = append(append(b, n.Event.ID...), `","kind":"`...)
	b = append(append(b, n.Event.Kind...), '"')
	if keys := n.Event.Keys; 0 < len(keys) && len(keys) <= maxNoteKeys {
		if all := appendKeys(b, keys); len(all)-len(b) <= maxNoteKeyBytes {
			b = all
		}
	}
	if n.Event.Data != nil {
		b = append(append(b, `,"data":`...), n.Event.Data...)
	}
	return append(b, '}'), nil
}

// appendKeys appends the member with the keys of values.
func appendKeys(b []byte, keys []string) []byte {
	b = append(b, `,"keys":`...)
	separator := byte('[')
	for _, key := range keys {
		b = append(b, separator)
		separator = ','
		if strings.ContainsFunc(key, isEscaped) {
			quoted, _ := json.Marshal(key) // a string always encodes
			b = append(b, quoted...)
		} else {
			b = append(append(append(b, '"'), key...), '"')
		}
	}
	return append(b, ']')
}

// isEscaped reports whether a rune may need an escape in JSON.
func isEscaped(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }

// NoteHead returns the bytes with which the notes of one Store begin in JSON; see
// [Ignorer]. From, ID and Kind consist of letters, digits, - and _.
func NoteHead(from string) []byte { return appendNoteHead(nil, from) }

func appendNoteHead(b []byte, from string) []byte {
	b = strconv.AppendInt(append(b, `{"v":`...), noteVersion, 10)
	b = append(append(b, `,"from":"`...), from...)
	return append(b, `",`...)
}

// UnmarshalJSON decodes a note. A note of a later version, or of a kind that this
// release does not know, becomes Missed: something has happened.
func (n *Note) UnmarshalJSON(b []byte) error {
	var body noteJSON
	if err := json.Unmarshal(b, &body); err != nil {
		return err
	}
	*n = Note{From: body.From, Event: Event{ID: body.ID, Kind: body.Kind, Keys: body.Keys, Data: body.Data}}
	switch body.Kind {
	case Changed, Destroyed, Renewed, Expired, Superseded, Said, renewing:
		if body.Version == noteVersion {
			return nil
		}
	}
	n.Event = Event{ID: body.ID, Kind: Missed}
	return nil
}
