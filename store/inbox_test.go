package store

import (
	"reflect"
	"testing"
)

// drain takes out all that waits in an inbox.
func drain(i *inbox) (all []Event) {
	for some := i.next(); len(some) > 0; some = i.next() {
		all = append(all, some...)
	}
	return all
}

// Events wait by session, each kind once, with the keys of all. What may have been missed
// of any session comes first.
func TestInboxOrder(t *testing.T) {
	t.Parallel()
	changed := func(id string, keys ...string) Event { return Event{ID: id, Kind: Changed, Keys: keys} }
	anything := Event{Kind: Missed}
	for name, row := range map[string]struct{ add, want []Event }{
		"nothing": {},
		"each kind once": {
			[]Event{changed("a", "x"), {ID: "a", Kind: Destroyed}, changed("a", "y"), {ID: "a", Kind: Destroyed}, changed("a", "x")},
			[]Event{changed("a", "x", "y"), {ID: "a", Kind: Destroyed}},
		},
		"keys in order": {
			[]Event{changed("a", "b", "d"), changed("a", "a", "c", "d")},
			[]Event{changed("a", "a", "b", "c", "d")},
		},
		"keys that are not known": {
			[]Event{changed("a", "x"), {ID: "a", Kind: Changed}, changed("a", "y"), changed("b", "y")},
			[]Event{{ID: "a", Kind: Changed}, changed("b", "y")},
		},
		"by session": {
			[]Event{changed("a", "x"), changed("b", "x"), {ID: "a", Kind: Missed}, {ID: "b", Kind: Expired}, {ID: "a", Kind: Missed}},
			[]Event{changed("a", "x"), {ID: "a", Kind: Missed}, changed("b", "x"), {ID: "b", Kind: Expired}},
		},
		"anything first, once": {
			[]Event{changed("a", "x"), anything, changed("b", "x"), anything},
			[]Event{anything, changed("a", "x"), changed("b", "x")},
		},
	} {
		i := newInbox()
		for _, event := range row.add {
			i.add(event)
		}
		if got := drain(i); !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: got %v, want %v", name, got, row.want)
		}
	}
}
