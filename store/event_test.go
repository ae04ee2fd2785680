package store_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// A note names the keys that have changed, whatever is in them, but not too many.
func TestChangedNotes(t *testing.T) {
	t.Parallel()
	many := make([]string, 65)
	for i := range many {
		many[i] = fmt.Sprint("key", i)
	}
	for _, keys := range [][]string{
		nil,
		{"color"},
		{"", "a b", `"`, `\`, "<&>", "\n\x00\x7f", "ü", "\u2028", "日本"},
		many[:64],
		many,
		{strings.Repeat("k", 16<<10)},
	} {
		b, err := json.Marshal(store.Note{From: "me", Event: store.Event{ID: "id", Kind: store.Changed, Keys: keys}})
		if err != nil {
			t.Fatalf("%.40q: %v", keys, err)
		}
		var got store.Note
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatalf("%.40q: %v in %s", keys, err, b)
		}
		want := keys
		if len(keys) > 64 || len(strings.Join(keys, "")) >= 16<<10 {
			want = nil
		}
		if !reflect.DeepEqual(got.Event.Keys, want) {
			t.Errorf("got %.40q of %.40q", got.Event.Keys, keys)
		}
	}
}
