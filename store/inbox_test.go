package store

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"weak"
)

// drain takes out all that waits in an inbox.
func drain(i *inbox) (all []Event) {
	for some := i.next(); len(some) > 0; some = i.next() {
		all = append(all, some...)
	}
	return all
}

// Events wait by session, each kind once, with the keys of all. What may have been missed
// of any session comes first, and what was said comes last.
func TestInboxOrder(t *testing.T) {
	t.Parallel()
	said := func(id, data string) Event { return Event{ID: id, Kind: Said, Data: json.RawMessage(data)} }
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
		"what was said is each once, and last": {
			[]Event{said("a", "1"), said("b", "2"), said("a", "1"), {ID: "a", Kind: Renewed}, said("a", "3"), changed("b", "x")},
			[]Event{{ID: "a", Kind: Renewed}, changed("b", "x"), said("a", "1"), said("b", "2"), said("a", "1"), said("a", "3")},
		},
		"anything first, once": {
			[]Event{said("a", "1"), changed("a", "x"), anything, changed("b", "x"), anything},
			[]Event{anything, changed("a", "x"), changed("b", "x"), said("a", "1")},
		},
	} {
		i := newInbox()
		for _, event := range row.add {
			if !i.add(event) {
				t.Errorf("%s: %v found no room", name, event)
			}
		}
		if got := drain(i); !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: got %v, want %v", name, got, row.want)
		}
	}
}

// An end that comes while much that was said waits is the next to be taken out, and what
// comes after a session was taken out waits anew.
func TestInboxEndOvertakes(t *testing.T) {
	t.Parallel()
	i := newInbox()
	for n := range 1000 {
		i.add(Event{ID: fmt.Sprint(n), Kind: Said, Data: json.RawMessage(`1`)})
	}
	for _, kind := range []Kind{Changed, Changed, Destroyed} {
		want := []Event{{ID: "999", Kind: kind}}
		if i.add(want[0]); !reflect.DeepEqual(i.next(), want) {
			t.Errorf("%s is not next", kind)
		}
	}
	if rest := drain(i); len(rest) != 1000 || rest[0].ID != "0" || rest[999].ID != "999" {
		t.Errorf("then there are %d", len(rest))
	}
}

// What was said has room for 16 MiB, ids and bookkeeping included: however small each is,
// there is a bound. Room that was left is used again. Ends always find room.
func TestInboxBound(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 1000, MaxNoteBytes} {
		data := json.RawMessage(strings.Repeat("1", size))
		i, id := newInbox(), ID("key")
		fill := func() (n int) {
			for i.add(Event{ID: id, Kind: Said, Data: data}) {
				if n++; n > maxSaid/200 {
					t.Fatalf("%d events of %d bytes found room", n, size)
				}
			}
			return n
		}
		first := fill()
		if want := maxSaid * 9 / 10 / (size + 256); first < want {
			t.Errorf("only %d events of %d bytes found room, want %d", first, size, want)
		}
		if !i.add(Event{ID: id, Kind: Destroyed}) || !i.add(Event{Kind: Missed}) {
			t.Error("an end found no room")
		}
		if all := drain(i); len(all) != first+2 {
			t.Errorf("%d of %d are taken out", len(all), first+2)
		}
		if again := fill(); again != first {
			t.Errorf("%d found room at first, %d later", first, again)
		}
	}
}

// What was taken out is not kept, however many have waited at once before.
func TestInboxKeepsNothing(t *testing.T) {
	t.Parallel()
	i := newInbox()
	for range 1000 {
		i.add(Event{ID: "a", Kind: Said})
	}
	drain(i)
	var kept []weak.Pointer[byte]
	for range 100 {
		data := make(json.RawMessage, 100<<10)
		kept = append(kept, weak.Make(&data[0]))
		i.add(Event{ID: "a", Kind: Said, Data: data})
		i.add(Event{ID: "a", Kind: Said})
		i.next()
	}
	drain(i)
	runtime.GC()
	alive := 0
	for _, pointer := range kept {
		if pointer.Value() != nil {
			alive++
		}
	}
	if alive > 0 {
		t.Errorf("%d of %d are kept", alive, len(kept))
	}
	runtime.KeepAlive(i)
}

// A watch that nobody reads loses what was said, which is logged once, and nothing else.
func TestSlowWatch(t *testing.T) {
	t.Parallel()
	log := &strings.Builder{}
	n := newNews(NewMemory(), &ends{}, slog.New(slog.NewTextHandler(log, nil)))
	w := n.watch()
	defer w.Close()
	w.Follow("a")
	data := json.RawMessage(strings.Repeat("1", MaxNoteBytes))
	const times = 4 * maxSaid / MaxNoteBytes
	for range times {
		n.tell(Event{ID: "a", Kind: Said, Data: data}, nil)
		n.tell(Event{ID: "a", Kind: Changed, Keys: []string{"x"}}, nil)
	}
	n.tell(Event{ID: "a", Kind: Destroyed}, nil)
	if lines := strings.Count(log.String(), "\n"); lines != 1 || !strings.Contains(log.String(), "too slow") {
		t.Errorf("%d lines are logged:\n%s", lines, log)
	}
	if heard := w.Heard("a"); heard != times+1 {
		t.Errorf("%d are counted", heard)
	}
	got := make(map[Kind]int)
	for got[Destroyed] == 0 {
		event := <-w.Events()
		got[event.Kind]++
	}
	if got[Said] > 1 || got[Changed] < 1 || got[Changed] > 2 { // the watch may have held one out already
		t.Errorf("until the end came: %v", got)
	}
}
