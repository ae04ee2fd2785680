package plugin

import (
	"testing"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// A look that was overtaken by a Join or Leave corrects nothing of that room, also when
// the room was made or emptied meanwhile.
func TestOvertakenLook(t *testing.T) {
	t.Parallel()
	p := &post{core: store.Attach(scs.New(), store.NewMemory(), store.Options{}).Core()}
	defer p.close()
	r, first, second := newRooms("/", p), new(socket), new(socket)
	r.enter(first)
	r.enter(second)
	is := func(room string, want ...*socket) {
		t.Helper()
		if got := r.members(room); len(got) != len(want) || len(want) > 0 && got[0] != want[0] {
			t.Errorf("%s has %d members", room, len(got))
		}
	}
	r.join(first, "taken over")
	r.watch()
	r.leave(first, "taken over")
	r.join(second, "taken over")
	r.correct("taken over", []*socket{first})
	is("taken over", second)
	r.join(first, "short-lived")
	r.leave(first, "short-lived")
	r.correct("short-lived", []*socket{first})
	is("short-lived")
	r.correct("raw", []*socket{first})
	is("raw", first)
	r.unwatch()
	r.watch()
	r.correct("taken over", []*socket{first})
	is("taken over", first)
	r.exit(first)
	r.correct("raw", []*socket{first})
	is("raw")
}
