package store_test

import (
	"testing"
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// A snapshot is certain of plain values, and of no others.
func TestSnapshotHolds(t *testing.T) {
	t.Parallel()
	deadline, list := time.Now().Add(time.Hour), []string{"a"}
	plain := map[string]any{"n": 1, "name": "alice", "none": nil}
	for name, row := range map[string]struct {
		has, values map[string]any
		deadline    time.Time
		want        bool
	}{
		"nothing":            {nil, map[string]any{}, deadline, true},
		"the same":           {map[string]any{"n": 1, "s": "x"}, map[string]any{"n": 1, "s": "x"}, deadline.UTC(), true},
		"another value":      {map[string]any{"n": 1}, map[string]any{"n": 2}, deadline, false},
		"another type":       {map[string]any{"n": 1}, map[string]any{"n": int64(1)}, deadline, false},
		"another key":        {map[string]any{"n": 1}, map[string]any{"m": 1}, deadline, false},
		"one more":           {map[string]any{"n": 1}, map[string]any{"n": 1, "m": 1}, deadline, false},
		"one less":           {map[string]any{"n": 1, "m": 1}, map[string]any{"n": 1}, deadline, false},
		"another deadline":   {map[string]any{"n": 1}, map[string]any{"n": 1}, deadline.Add(1), false},
		"a list":             {map[string]any{"n": list}, map[string]any{"n": list}, deadline, false},
		"a list that was":    {map[string]any{"n": list}, map[string]any{"n": 1}, deadline, false},
		"a value of no type": {plain, plain, deadline, false},
	} {
		s := &store.Snapshot{Deadline: deadline, Values: row.has}
		if got := s.Holds(row.deadline, row.values); got != row.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}
