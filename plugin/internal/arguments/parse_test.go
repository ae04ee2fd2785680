package arguments_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/arguments"
)

// What Parse finds is what encoding/json finds, as many as there is room for.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		``, ` `, `1`, ` 1 , "a" `, `null,null`, `[1,[2]],{"a":[1,2],"b":"]"}`, `"a,b]","\"","\\"`, `{"a":"\\\"}"},true,false,-1e5`, "\t1\r\n,\n2",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var all []json.RawMessage
		if !json.Valid([]byte("["+text+"]")) || json.Unmarshal([]byte("["+text+"]"), &all) != nil {
			return
		}
		rest := "]"
		if strings.TrimSpace(text) != "" {
			rest = " ," + text + "]"
		}
		for room := range 4 {
			got := arguments.Parse(make([]arguments.Argument, 0, room), rest, nil)
			if len(got) != min(room, len(all)) {
				t.Fatalf("%s: %d arguments, want %d of %d", text, len(got), room, len(all))
			}
			for i, came := range got {
				if want := strings.TrimSpace(string(all[i])); came.JSON != want && (want != "null" || came.JSON != "") {
					t.Errorf("%s: argument %d is %s, want %s", text, i, came.JSON, want)
				}
			}
		}
	})
}
