package storetest

import (
	"cmp"
	"testing"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// A roster is a backend with sessions of users that nobody else has.
type roster struct {
	store.Backend
	store.Roll
	t        *testing.T
	ann, bob string
}

func (s suite) roster(t *testing.T) *roster {
	t.Helper()
	b := s.open(t)
	return &roster{b, b.(store.Roll), t, "ann " + key(), "bob " + key()}
}

// swap puts "new" in the place of old, and returns what the key then holds and whether that
// was done.
func (r *roster) swap(key, old string, o store.Owner) (current []byte, ok bool) {
	r.t.Helper()
	o.Deadline = in(later)
	o.Device = cmp.Or(o.Device, "device-of-"+key)
	change := store.Change{New: []byte("new"), Life: until(in(later)), Owner: &o}
	if old != "" {
		change.Old = []byte(old)
	}
	current, ok, err := r.Swap(r.t.Context(), key, change)
	if err != nil {
		r.t.Fatal(err)
	}
	return current, ok
}

// login returns the key of a new session of a user.
func (r *roster) login(user string) string {
	r.t.Helper()
	k := key()
	if _, ok := r.swap(k, "", store.Owner{User: user}); !ok {
		r.t.Fatal("the session is there already")
	}
	return k
}

func (r *roster) delete(key string) {
	r.t.Helper()
	if _, err := r.Delete(r.t.Context(), key, store.Note{}); err != nil {
		r.t.Fatal(err)
	}
}

// entries returns the entries of a user by key.
func (r *roster) entries(user string) map[string]store.Entry {
	r.t.Helper()
	found, err := r.Entries(r.t.Context(), user)
	if err != nil {
		r.t.Fatal(err)
	}
	return byKey(found)
}

func byKey(entries []store.Entry) map[string]store.Entry {
	all := make(map[string]store.Entry, len(entries))
	for _, e := range entries {
		all[e.Key] = e
	}
	return all
}

// want fails the test unless exactly these are on the roll of a user, in any order.
func (r *roster) want(user string, keys ...string) {
	r.t.Helper()
	wantKeys(r.t, r.entries(user), keys...)
}

func wantKeys(t *testing.T, got map[string]store.Entry, keys ...string) {
	t.Helper()
	for _, key := range keys {
		if _, ok := got[key]; !ok {
			t.Errorf("%s is not there", key)
		}
		delete(got, key)
	}
	if len(got) > 0 {
		t.Errorf("there are also %v", got)
	}
}
