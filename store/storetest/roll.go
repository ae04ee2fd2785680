package storetest

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// roll: a store.Roll knows whose each session is, from the step on that makes it theirs.
func (s suite) roll(t *testing.T) {
	if _, ok := s.open(t).(store.Roll); ok == s.has(NoRoll) {
		t.Fatalf("the backend is a store.Roll: %v, and claims the limit NoRoll: %v", ok, !ok)
	}
	if s.has(NoRoll) {
		return
	}
	t.Run("Enter", s.rollEnter)
	t.Run("Go on", s.rollGoOn)
	t.Run("Refuse", s.rollRefuse)
	t.Run("Condemn", s.rollCondemn)
	t.Run("End", s.rollEnd)
	t.Run("Leave", s.rollLeave)
	t.Run("Supersede", s.rollSupersede)
	t.Run("Together", s.rollTogether)
}

func (s suite) rollEnter(t *testing.T) {
	r := s.roster(t)
	r.want(r.ann)
	before := time.Now()
	k := r.login(r.ann)
	e := r.entries(r.ann)[k]
	if off := e.Made.Sub(before); e.Device != "device-of-"+k || off.Abs() > 5*time.Second || !e.Live {
		t.Errorf("the entry is %+v", e)
	}
	if _, ok := r.swap(k, "other", store.Owner{User: r.bob, Was: r.ann}); ok {
		t.Error("a swap from other bytes was made")
	}
	r.want(r.bob)
	r.swap(k, "new", store.Owner{User: r.ann, Was: r.ann, Device: "another"})
	if again := r.entries(r.ann)[k]; again != e {
		t.Errorf("a change made of the entry %+v", again)
	}
	r.swap(k, "new", store.Owner{User: r.bob, Was: r.ann, Device: "another"})
	r.want(r.ann)
	r.want(r.bob, k)
	if got := r.entries(r.bob)[k].Device; got != "another" {
		t.Errorf("the device is %s", got)
	}
	r.swap(k, "new", store.Owner{Was: r.bob})
	r.want(r.bob)
	r.swap(k, "new", store.Owner{User: r.ann, Was: r.ann}) // a session from before
	if e := r.entries(r.ann)[k]; !e.Made.IsZero() || !e.Live {
		t.Errorf("the entry of a login that nobody saw is %+v", e)
	}
	if _, _, err := r.Swap(t.Context(), k, store.Change{Old: []byte("new"), New: []byte("x"), Life: until(in(later))}); err != nil {
		t.Error(err)
	}
	r.want(r.ann, k)
}

// A renewal takes the place of what it goes on from.
func (s suite) rollGoOn(t *testing.T) {
	r := s.roster(t)
	old, next := r.login(r.ann), key()
	before := r.entries(r.ann)[old]
	r.delete(old)
	if e := r.entries(r.ann)[old]; e.Live || e.Device != before.Device {
		t.Errorf("between two tokens the entry is %+v", e)
	}
	r.swap(next, "", store.Owner{User: r.ann, From: []string{old}})
	r.want(r.ann, next)
	after := r.entries(r.ann)[next]
	if before.Key = next; after != before {
		t.Errorf("before the renewal %+v, now %+v", before, after)
	}
	other := r.login(r.ann) // goes on in a session that is there
	r.delete(other)
	r.swap(next, "new", store.Owner{User: r.ann, Was: r.ann, From: []string{other}})
	r.want(r.ann, next)
	if got := r.entries(r.ann)[next]; got != after {
		t.Errorf("before the merge %+v, now %+v", after, got)
	}
	r.swap(old, "", store.Owner{User: r.bob, From: []string{key()}}) // of one that is not on it
	r.want(r.bob, old)
}

// Of a session that is marked nothing goes on.
func (s suite) rollRefuse(t *testing.T) {
	r := s.roster(t)
	old, bystander := r.login(r.ann), r.login(r.bob)
	r.delete(old)
	if _, err := r.Condemn(t.Context(), r.ann, true); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]store.Owner{
		"marked":    {User: r.ann, From: []string{old}},
		"forgotten": {User: r.ann, From: []string{key()}, Late: true},
	} {
		k := key()
		if current, ok := r.swap(k, "", change); ok || current != nil {
			t.Errorf("%s: it goes on: %q, %v", name, current, ok)
		}
		if _, _, ok, err := r.Find(t.Context(), k); ok || err != nil {
			t.Errorf("%s: it is there, %v", name, err)
		}
		change.Was = r.bob
		if current, ok := r.swap(bystander, "new", change); ok || current != nil {
			t.Errorf("%s: it goes on in another: %q, %v", name, current, ok)
		}
		r.want(r.bob, bystander)
	}
	fresh := r.login(r.ann) // has no mark
	r.delete(fresh)
	if _, ok := r.swap(key(), "", store.Owner{User: r.ann, From: []string{fresh}, Late: true}); !ok {
		t.Error("who came later is refused")
	}
}

func (s suite) rollCondemn(t *testing.T) {
	r := s.roster(t)
	a, b, c := r.login(r.ann), r.login(r.ann), r.login(r.ann)
	other := r.login(r.bob)
	for name, row := range map[string]struct {
		but     bool
		devices []string
		want    []string
	}{
		"none": {false, nil, nil}, "one": {false, []string{"device-of-" + a}, []string{a}},
		"all but one": {true, []string{"device-of-" + c}, []string{a, b}}, "all": {true, nil, []string{a, b, c}},
	} {
		got, err := r.Condemn(t.Context(), r.ann, row.but, row.devices...)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) { wantKeys(t, byKey(got), row.want...) })
	}
	r.want(r.ann, a, b, c) // until they have ended
	r.want(r.bob, other)
	r.swap(a, "new", store.Owner{User: r.bob, Was: r.ann})
	r.swap(a, "new", store.Owner{User: r.ann, Was: r.bob})
	r.delete(a)
	if _, ok := r.swap(key(), "", store.Owner{User: r.ann, From: []string{a}}); !ok {
		t.Error("the mark is there after another login")
	}
}

func (s suite) rollEnd(t *testing.T) {
	r := s.roster(t)
	a, b := r.login(r.ann), r.login(r.ann)
	end := func(key, old string) ([]byte, bool) {
		t.Helper()
		current, ok, err := r.End(t.Context(), r.ann, key, []byte(old), store.Note{})
		if err != nil {
			t.Fatal(err)
		}
		return current, ok
	}
	if current, ok := end(a, "other"); ok || !bytes.Equal(current, []byte("new")) {
		t.Errorf("with other bytes: %q, %v", current, ok)
	}
	r.want(r.ann, a, b)
	if current, ok := end(a, "new"); !ok || current != nil {
		t.Errorf("with its bytes: %q, %v", current, ok)
	}
	if current, ok := end(a, "new"); ok || current != nil {
		t.Errorf("twice: %q, %v", current, ok)
	}
	r.want(r.ann, b)
	if _, _, ok, err := r.Find(t.Context(), a); ok || err != nil {
		t.Errorf("it is there: %v", err)
	}
}

func (s suite) rollLeave(t *testing.T) {
	r := s.roster(t)
	k := r.login(r.ann)
	leave := func(held []byte) {
		t.Helper()
		if err := r.Leave(t.Context(), r.ann, k, held); err != nil {
			t.Fatal(err)
		}
	}
	leave(nil)
	leave([]byte("other"))
	r.want(r.ann, k)
	leave([]byte("new"))
	r.want(r.ann)
	r.swap(k, "new", store.Owner{User: r.ann, Was: r.ann})
	r.delete(k)
	leave([]byte("new"))
	r.want(r.ann, k)
	leave(nil)
	r.want(r.ann)
}

func (s suite) rollSupersede(t *testing.T) {
	r := s.roster(t)
	supersede := func(key string, limit int, byUse bool, want ...string) {
		t.Helper()
		got, err := r.Supersede(t.Context(), r.ann, key, limit, byUse)
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%d may stay: got %v, want %v", limit, got, want)
		}
	}
	gone := r.login(r.ann)
	a, b, c, d := r.login(r.ann), r.login(r.ann), r.login(r.ann), r.login(r.ann)
	r.delete(gone)
	if ok, err := r.Touch(t.Context(), a, until(in(3*later/2))); !ok || err != nil {
		t.Fatal(ok, err)
	}
	supersede(d, 4, false)
	supersede(d, 3, !s.has(NoExpiry), b)
	supersede(b, 1, false, a)       // which came later does not count
	supersede(c, 1, false, a, b)    // nobody has ended them yet
	supersede(d, 1, false, a, b, c) // never itself
	supersede(key(), 1, false)
	next := key()
	r.delete(a)
	if _, ok := r.swap(next, "", store.Owner{User: r.ann, From: []string{a}}); ok {
		t.Error("it goes on")
	}
}

// Many logins of one user at the same time are all on the roll.
func (s suite) rollTogether(t *testing.T) {
	r := s.roster(t)
	var keys []string
	for range 100 {
		keys = append(keys, key())
	}
	var all sync.WaitGroup
	for i, k := range keys {
		all.Go(func() {
			o := store.Owner{User: r.ann, Device: fmt.Sprint("d", i), Deadline: in(later)}
			if _, ok, err := r.Swap(t.Context(), k, store.Change{New: []byte("new"), Life: until(in(later)), Owner: &o}); !ok || err != nil {
				t.Errorf("swap: %v, %v", ok, err)
			}
		})
	}
	all.Wait()
	r.want(r.ann, keys...)
}
