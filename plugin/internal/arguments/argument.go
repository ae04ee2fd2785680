// Package arguments decodes the arguments of events. On its own transports go-socket.io
// decodes them first, and ends the connection of a client whose arguments do not fit the
// handler. So it is made to hand over their text instead.
package arguments

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"

	"github.com/googollee/go-socket.io/parser"
)

// An Argument is one as it came: its JSON, "" if none came, or null.
type Argument struct {
	JSON string
	from attachments // nil if none came
}

// attachments are those of an event, by their numbers.
type attachments interface {
	attachment(number uint64) []byte
}

// A Text is an argument as go-socket.io hands it over.
type Text struct{ JSON string }

// UnmarshalJSON implements json.Unmarshaler.
func (t *Text) UnmarshalJSON(b []byte) error {
	t.JSON = string(b)
	return nil
}

// A Mixed is an argument that may have attachments. It is a type of its own, since
// go-socket.io's own transports do not check the numbers of attachments, and a wrong one
// ends the process there.
type Mixed struct {
	Text
	Numbers     []uint64        // of the attachments, as the JSON has them
	Attachments []parser.Buffer // in the same order; go-socket.io fills them
}

// UnmarshalJSON implements json.Unmarshaler.
func (m *Mixed) UnmarshalJSON(b []byte) error {
	m.JSON = string(b)
	if !strings.Contains(m.JSON, "_placeholder") {
		return nil
	}
	var value any
	decoder := json.NewDecoder(bytes.NewReader(b))
	decoder.UseNumber() // of any size: an error here would end the connection
	if decoder.Decode(&value) == nil {
		m.find(value)
	}
	return nil
}

// find adds the attachments that a decoded value has placeholders of.
func (m *Mixed) find(value any) {
	switch value := value.(type) {
	case []any:
		for _, element := range value {
			m.find(element)
		}
	case map[string]any:
		if value["_placeholder"] == true {
			m.add(value)
			return
		}
		for _, element := range value {
			m.find(element)
		}
	}
}

// add adds the attachment of a placeholder. One that is none will not decode either.
func (m *Mixed) add(placeholder map[string]any) {
	b, err := json.Marshal(placeholder)
	if err != nil {
		return
	}
	var buffer parser.Buffer
	if json.Unmarshal(b, &buffer) != nil {
		return
	}
	number, _ := numberOf(&buffer)
	m.Numbers = append(m.Numbers, number)
	m.Attachments = append(m.Attachments, buffer)
}

// Decoded returns the arguments that go-socket.io has decoded into a list's Inputs.
func Decoded(in []reflect.Value) []Argument {
	arguments := make([]Argument, len(in))
	for i := range in {
		switch came := in[i].Interface().(type) {
		case *Text:
			arguments[i].JSON = came.JSON
		case *Mixed:
			arguments[i].JSON = came.JSON
			if len(came.Numbers) > 0 {
				arguments[i].from = came
			}
		}
	}
	return arguments
}

// attachment implements attachments.
func (m *Mixed) attachment(number uint64) []byte {
	for i, have := range m.Numbers {
		if have == number {
			return m.Attachments[i].Data
		}
	}
	return nil
}
