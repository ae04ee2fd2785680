package live_test

import (
	"errors"
	"testing"
	"time"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/live"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// A full session refuses a member with a seat of its own, and not one that shares a
// seat. A seat is free again when its last member has left.
func TestJoinFull(t *testing.T) {
	t.Parallel()
	config := defaults()
	config.MaxSeats = 2
	onClock(t, config, 0, time.Hour, func(n *node) {
		first, token := n.enter()
		n.enterWith(token)
		if err := n.newMember().join(token); !errors.Is(err, live.ErrFull) {
			t.Errorf("a third seat: %v, want ErrFull", err)
		}
		neighbour := n.newMember()
		neighbour.seat = first
		if err := neighbour.join(token); err != nil {
			t.Errorf("a seat that is taken already: %v", err)
		}
		first.leave()
		if err := n.newMember().join(token); !errors.Is(err, live.ErrFull) {
			t.Errorf("a seat that has a member left: %v, want ErrFull", err)
		}
		neighbour.leave()
		n.enterWith(token)
	})
}

// Join says whether there is no session or no answer.
func TestJoinNothing(t *testing.T) {
	t.Parallel()
	onClock(t, defaults(), 0, time.Hour, func(n *node) {
		m := n.newMember()
		if err := m.join("nobody's"); err != nil || m.entry != nil {
			t.Errorf("no session: %v, %v", m.entry, err)
		}
		_, token := n.enter()
		if _, err := n.backend.Delete(t.Context(), token, store.Note{}); err != nil {
			t.Fatal(err)
		}
		if err := n.newMember().join(token); !errors.Is(err, store.ErrGone) {
			t.Errorf("a session that has ended: %v, want ErrGone", err)
		}
		n.backend.down.Store(true)
		if err := n.newMember().join("nobody's"); !live.IsStoreError(err) {
			t.Errorf("no answer: %v", err)
		}
		pass(time.Second)
		if n.Len() != 0 {
			t.Errorf("%d sessions are left", n.Len())
		}
	})
}

// What the last member changed is tried again until it is saved, and the session is
// forgotten only then.
func TestLeaveUnsaved(t *testing.T) {
	t.Parallel()
	config := defaults()
	config.StoreGrace, config.FlushInterval = -1, time.Hour
	onClock(t, config, 0, 24*time.Hour, func(n *node) {
		m, token := n.enter()
		m.do(func(u *live.Use) { n.manager.Put(u, "k", "v") })
		n.backend.down.Store(true)
		m.leave()
		select {
		case stage := <-n.failed:
			if stage != "save" {
				t.Errorf("stage %q, want save", stage)
			}
		default:
			t.Error("the host has not heard of it")
		}
		pass(time.Minute)
		if n.Len() != 1 || n.Unsaved() == nil {
			t.Errorf("%d sessions, unsaved: %v", n.Len(), n.Unsaved())
		}
		n.backend.down.Store(false)
		pass(n.RetryPause() + time.Second)
		if n.Len() != 0 || n.Unsaved() != nil {
			t.Errorf("%d sessions, unsaved: %v", n.Len(), n.Unsaved())
		}
		if stored := n.stored(token); stored["k"] != "v" {
			t.Errorf("stored %v", stored)
		}
	})
}

// Due is true once in an interval, first after one, whoever asks.
func TestDue(t *testing.T) {
	t.Parallel()
	onClock(t, defaults(), 0, 24*time.Hour, func(n *node) {
		m, token := n.enter()
		other := n.enterWith(token)
		due := 0
		for range 100 {
			for _, m := range []*member{m, other} {
				if m.entry.Due(time.Minute) {
					due++
				}
			}
			pass(7 * time.Second)
		}
		// 700 seconds; each time that is due is the first moment after a minute.
		if want := 11; due != want {
			t.Errorf("due %d times, want %d", due, want)
		}
	})
}
