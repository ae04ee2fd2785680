package store

import (
	"maps"
	"reflect"
	"slices"
	"time"
)

// merge applies the changes between base and mine to current, key by key. Where both
// sides changed a key, mine wins: it is the later write. merge compares decoded
// values, never bytes, since gob writes a map in any order.
func merge(base, mine, current map[string]any) map[string]any {
	merged := maps.Clone(current)
	if merged == nil {
		merged = make(map[string]any)
	}
	for key, value := range mine {
		if old, ok := base[key]; !ok || !reflect.DeepEqual(old, value) {
			merged[key] = value
		}
	}
	for key := range base {
		if _, ok := mine[key]; !ok {
			delete(merged, key)
		}
	}
	return merged
}

// changedKeys returns the keys whose values differ, in order.
func changedKeys(a, b map[string]any) []string {
	var keys []string
	for key, value := range b {
		if old, ok := a[key]; !ok || !reflect.DeepEqual(old, value) {
			keys = append(keys, key)
		}
	}
	for key := range a {
		if _, ok := b[key]; !ok {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// differPlainly reports whether there is a value that is certainly another: it compares
// no maps, slices and the like, which somebody may be changing in place.
func differPlainly(a, b map[string]any) bool {
	if len(a) != len(b) {
		return true
	}
	for key, value := range b {
		if old, ok := a[key]; !ok || isPlain(value) && isPlain(old) && old != value {
			return true
		}
	}
	return false
}

// mergeTime does for a deadline what merge does for values.
func mergeTime(base, mine, current time.Time) time.Time {
	if mine.Equal(base) {
		return current
	}
	return mine
}
