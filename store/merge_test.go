package store

import (
	"fmt"
	"maps"
	"reflect"
	"testing"
	"time"
)

func TestMerge(t *testing.T) {
	t.Parallel()
	type m = map[string]any
	for _, test := range []struct {
		name                      string
		base, mine, current, want m
	}{
		{"nothing", nil, nil, nil, m{}},
		{"unchanged by me", m{"a": 1}, m{"a": 1}, m{"a": 2, "b": 3}, m{"a": 2, "b": 3}},
		{"unchanged by others", m{"a": 1}, m{"a": 2, "b": 3}, m{"a": 1}, m{"a": 2, "b": 3}},
		{"both changed", m{"a": 1}, m{"a": 2}, m{"a": 3}, m{"a": 2}},
		{"I removed", m{"a": 1, "b": 1}, m{"b": 1}, m{"a": 1, "b": 2}, m{"b": 2}},
		{"they removed", m{"a": 1, "b": 1}, m{"a": 1, "b": 2}, m{"b": 1}, m{"b": 2}},
		{"I removed, they changed", m{"a": 1}, m{}, m{"a": 2}, m{}},
		{"they removed, I changed", m{"a": 1}, m{"a": 2}, m{}, m{"a": 2}},
		{"both added", m{}, m{"a": 1}, m{"b": 2}, m{"a": 1, "b": 2}},
		{"nil is a value", m{"a": nil}, m{"a": nil, "b": nil}, m{"a": 1}, m{"a": 1, "b": nil}},
		{"compared deeply", m{"a": []int{1}}, m{"a": []int{1}}, m{"a": []int{2}}, m{"a": []int{2}}},
		{"the type counts", m{"a": 1}, m{"a": int64(1)}, m{"a": 1}, m{"a": int64(1)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			before := maps.Clone(test.current)
			got := merge(test.base, test.mine, test.current)
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
			if !reflect.DeepEqual(test.current, before) {
				t.Error("current was changed")
			}
		})
	}
}

func TestMergeTime(t *testing.T) {
	t.Parallel()
	base, mine, current := time.Unix(1, 0), time.Unix(2, 0), time.Unix(3, 0)
	if got := mergeTime(base, base.UTC(), current); !got.Equal(current) {
		t.Errorf("unchanged by me: got %v, want theirs", got)
	}
	if got := mergeTime(base, mine, current); !got.Equal(mine) {
		t.Errorf("changed by both: got %v, want mine", got)
	}
}

// FuzzMerge tests the laws: a merge onto the base gives mine, a merge of no change gives
// theirs, and changes of distinct keys commute.
func FuzzMerge(f *testing.F) {
	f.Add([]byte("abc"), []byte("abd"), []byte("xbc"))
	f.Add([]byte(""), []byte("\x00\x01"), []byte("\x10\x11\x12"))
	f.Fuzz(func(t *testing.T, b, m, c []byte) {
		base, mine, current := values(b), values(m), values(c)
		same := func(law string, got, want map[string]any) {
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s: got %v, want %v (base %v, mine %v, current %v)", law, got, want, base, mine, current)
			}
		}
		same("onto the base", merge(base, mine, base), mine)
		same("no change", merge(base, base, current), current)
		once := merge(base, mine, current)
		same("twice is once", merge(base, mine, once), once)
		left, right := maps.Clone(base), maps.Clone(base)
		for key, value := range mine {
			left["left "+key] = value
		}
		for key, value := range current {
			right["right "+key] = value
		}
		same("distinct keys commute", merge(base, left, right), merge(base, right, left))
	})
}

// values makes a key, one of eight, and a value, one of four, from each byte.
func values(b []byte) map[string]any {
	made := make(map[string]any)
	for _, x := range b {
		made[fmt.Sprint(x%8)] = int(x >> 6)
	}
	return made
}
