package storetest

import (
	"crypto/rand"
	"slices"
	"testing"
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// A listener is a watch that follows one session.
type listener struct {
	*store.Watch
	n     *node
	maker *node
	token string
}

// listen follows the session of token. It returns when events of the session arrive,
// since joining can take time.
func (n *node) listen(t *testing.T, maker *node, token string) *listener {
	t.Helper()
	l := &listener{n.core.Watch(), n, maker, token}
	t.Cleanup(l.Close)
	l.Follow(n.id(token))
	for i := 0; !l.arrived(t, i); i++ {
		if i == 1000 {
			t.Fatal("no event arrives")
		}
	}
	return l
}

func (l *listener) arrived(t *testing.T, i int) bool {
	t.Helper()
	l.maker.put(t, l.token, "ping", i)
	for late := time.After(10 * time.Millisecond); ; {
		select {
		case event := <-l.Events():
			if event.Kind == store.Changed { // later ones are heard too
				l.maker.remove(t, l.token, "ping")
				drain(t, l)
				return true
			}
		case <-late:
			return false
		}
	}
}

// drain returns when all listeners of a session have heard all that was told of it. It
// leaves the session as it was.
func drain(t *testing.T, all ...*listener) {
	t.Helper()
	mark, maker, token := rand.Text(), all[0].maker, all[0].token
	for _, change := range []func(){
		func() { maker.put(t, token, mark, true) },
		func() { maker.remove(t, token, mark) },
	} {
		change()
		for _, l := range all {
			for !slices.Contains(l.next(t).Keys, mark) {
			}
		}
	}
}

// next returns the next event that is not Missed.
func (l *listener) next(t *testing.T) store.Event {
	t.Helper()
	late := time.After(10 * time.Second)
	for {
		select {
		case event, ok := <-l.Events():
			if !ok {
				t.Fatal("the watch has ended")
			}
			if event.Kind != store.Missed {
				return event
			}
		case <-late:
			t.Fatal("no event in time")
		}
	}
}

func (l *listener) want(t *testing.T, kind store.Kind, keys ...string) {
	t.Helper()
	l.wantOf(t, l.token, kind, keys...)
}

func (l *listener) wantOf(t *testing.T, token string, kind store.Kind, keys ...string) {
	t.Helper()
	got := l.next(t)
	if got.ID != l.n.id(token) || got.Kind != kind || !slices.Equal(got.Keys, keys) {
		t.Errorf("heard %v, want %s %v of %s", got, kind, keys, l.n.id(token))
	}
}

// wantNothing fails the test if anything was told before this call.
func (l *listener) wantNothing(t *testing.T) {
	t.Helper()
	l.maker.put(t, l.token, "nothing", time.Now().String())
	l.want(t, store.Changed, "nothing")
}
