package storetest

import (
	"crypto/rand"
	"slices"
	"testing"
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// ear is a watch that follows one session.
type ear struct {
	*store.Watch
	n     *node
	maker *node
	token string
}

// listen follows the session of token, and returns when events of it arrive:
// joining can take time.
func (n *node) listen(t *testing.T, maker *node, token string) *ear {
	t.Helper()
	e := &ear{n.core.Watch(), n, maker, token}
	t.Cleanup(e.Close)
	e.Follow(n.id(token))
	for i := 0; !e.arrived(t, i); i++ {
		if i == 1000 {
			t.Fatal("no event arrives")
		}
	}
	return e
}

func (e *ear) arrived(t *testing.T, i int) bool {
	t.Helper()
	e.maker.put(t, e.token, "ping", i)
	for late := time.After(10 * time.Millisecond); ; {
		select {
		case event := <-e.Events():
			if event.Kind == store.Changed { // later ones are heard too
				e.maker.remove(t, e.token, "ping")
				settle(t, e)
				return true
			}
		case <-late:
			return false
		}
	}
}

// settle returns when all ears, of one session, have heard all that was told
// of it. It leaves the session as it was.
func settle(t *testing.T, ears ...*ear) {
	t.Helper()
	mark, maker, token := rand.Text(), ears[0].maker, ears[0].token
	maker.put(t, token, mark, true)
	maker.remove(t, token, mark)
	for _, e := range ears {
		for range 2 {
			for !slices.Contains(e.next(t).Keys, mark) {
			}
		}
	}
}

// next returns the next event that is not Missed.
func (e *ear) next(t *testing.T) store.Event {
	t.Helper()
	late := time.After(10 * time.Second)
	for {
		select {
		case event, ok := <-e.Events():
			if !ok {
				t.Fatal("the watch was cut off")
			}
			if event.Kind != store.Missed {
				return event
			}
		case <-late:
			t.Fatal("no event in time")
		}
	}
}

func (e *ear) want(t *testing.T, kind store.Kind, keys ...string) {
	t.Helper()
	e.wantOf(t, e.token, kind, keys...)
}

func (e *ear) wantOf(t *testing.T, token string, kind store.Kind, keys ...string) {
	t.Helper()
	got := e.next(t)
	if got.ID != e.n.id(token) || got.Kind != kind || !slices.Equal(got.Keys, keys) {
		t.Errorf("heard %v, want %s %v of %s", got, kind, keys, e.n.id(token))
	}
}

// wantNothing says that nothing was told before this call.
func (e *ear) wantNothing(t *testing.T) {
	t.Helper()
	e.maker.put(t, e.token, "nothing", time.Now().String())
	e.want(t, store.Changed, "nothing")
}
