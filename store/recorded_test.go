package store_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// Invariant 14: a node understands the notes of earlier releases, and sends the same.
func TestRecordedNotes(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../testdata/recorded/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("nothing is recorded", err)
	}
	for _, name := range files {
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		kinds := make(map[store.Kind]bool)
		for lines := bufio.NewScanner(file); lines.Scan(); {
			text, ok := strings.CutPrefix(lines.Text(), "note ")
			if !ok {
				continue
			}
			var note store.Note
			if err := json.Unmarshal([]byte(text), &note); err != nil || note.Event.Kind == store.Missed {
				t.Errorf("%s is not understood: %v", text, err)
			}
			kinds[note.Event.Kind] = true
			if again, err := json.Marshal(note); err != nil || string(again) != text {
				t.Errorf("%s\nbecomes %s, %v", text, again, err)
			}
		}
		for _, kind := range []store.Kind{store.Changed, store.Said, store.Destroyed, store.Renewed, store.Expired, store.Superseded, "renewing"} {
			if !kinds[kind] {
				t.Errorf("%s has no note of the kind %s", name, kind)
			}
		}
	}
}
