package storetest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// events: what happens to a session is told to the watches of its Store and, if the
// backend is a store.Teller, to those of every other Store.
func (s suite) events(t *testing.T) {
	if _, ok := s.open(t).(store.Teller); ok == s.has(NoEvents) {
		t.Fatalf("the backend is a store.Teller: %v, and claims the limit NoEvents: %v", ok, !ok)
	}
	for _, where := range []string{"Here", "There"} {
		if where == "There" && s.has(NoEvents) {
			continue
		}
		t.Run(where, func(t *testing.T) {
			t.Run("Changed", func(t *testing.T) { s.changed(t, where) })
			t.Run("Ended", func(t *testing.T) { s.ended(t, where) })
			t.Run("Renewed", func(t *testing.T) { s.renewed(t, where) })
			t.Run("Abandoned", func(t *testing.T) { s.abandoned(t, where) })
			t.Run("Unfollow", func(t *testing.T) { s.unfollow(t, where) })
			t.Run("Slow", func(t *testing.T) { s.slow(t, where) })
			if _, tells := s.open(t).(store.Speaker); tells || where == "Here" {
				t.Run("Said", func(t *testing.T) { s.said(t, where) })
			}
		})
	}
	t.Run("By", s.by)
	t.Run("Hears", s.hears)
}

func (s suite) changed(t *testing.T, where string) {
	t.Helper()
	maker, hearer := s.pair(t, where)
	token := maker.login(t, values{"user": "alice", "old": 1})
	e := hearer.listen(t, maker, token)
	ctx := maker.load(t, token)
	maker.Put(ctx, "b", 1)
	maker.Put(ctx, "a", 1)
	maker.Remove(ctx, "old")
	maker.put(t, token, "theirs", 1)
	e.want(t, store.Changed, "theirs")
	maker.commit(t, ctx)
	e.want(t, store.Changed, "a", "b", "old")
	if err := maker.core.Touch(t.Context(), maker.core.Key(token), maker.Deadline(ctx), in(0)); err != nil {
		t.Fatal(err)
	}
	e.wantNothing(t)
	maker.SetDeadline(ctx, in(later/2))
	maker.commit(t, ctx)
	e.want(t, store.Changed)
	for i := range 100 { // more than a note may name
		maker.Put(ctx, fmt.Sprintf("many%03d", i), i)
	}
	maker.commit(t, ctx)
	if got := e.next(t); got.Kind != store.Changed || len(got.Keys) != 0 && len(got.Keys) != 100 {
		t.Errorf("heard %v, want all the keys or none", got)
	}
	bare := maker.bare(t, token)
	maker.Put(bare, "bare", true)
	maker.commit(t, bare)
	e.want(t, store.Changed)
}

func (s suite) ended(t *testing.T, where string) {
	t.Helper()
	for name, end := range s.allEnds() {
		kind := store.Renewed
		switch name {
		case "Destroy", "BareDestroy", "End":
			kind = store.Destroyed
		case "Expiry", "Uncommitted", "Unmerged", "RenewToken": // nobody ends it; not yet; see renewed
			continue
		}
		t.Run(name, func(t *testing.T) {
			maker, hearer := s.pair(t, where)
			token := maker.login(t, values{"user": "alice"})
			e := hearer.listen(t, maker, token)
			if got := hearer.core.Ended(hearer.id(token)); got != "" {
				t.Errorf("Ended: %q before the end", got)
			}
			end(t, maker, token)
			e.want(t, kind)
			for _, n := range []*node{maker, hearer} {
				if got := n.core.Ended(n.id(token)); got != kind {
					t.Errorf("Ended: %q, want %q", got, kind)
				}
			}
			again := hearer.bare(t, "") // whoever heard of the end lets nothing through
			hearer.Put(again, "user", "alice")
			if err := hearer.store.CommitCtx(again, hearer.core.Key(token), []byte("late"), in(later)); err == nil {
				t.Error("a commit without a transaction was let through")
			}
			hearer.wantNone(t, token)
		})
	}
}

// renewed: a renewal is told when the new token works, not before.
func (s suite) renewed(t *testing.T, where string) {
	t.Helper()
	maker, hearer := s.pair(t, where)
	token, other := maker.login(t, values{"user": "alice"}), maker.login(t, values{"other": true})
	e, of := hearer.listen(t, maker, token), hearer.listen(t, maker, other)
	of.Follow(hearer.id(token)) // one watch hears of both, in order
	ctx := maker.load(t, token)
	if err := maker.RenewToken(ctx); err != nil {
		t.Fatal(err)
	}
	Eventually(t, "the hearer knows why it is gone", func() bool { return hearer.core.Ended(hearer.id(token)) == store.Renewed })
	maker.put(t, other, "between", true)
	of.want(t, store.Changed, "between")
	maker.commit(t, ctx)
	e.want(t, store.Renewed)
	of.wantOf(t, token, store.Renewed)
	hearer.wantValues(t, maker.Token(ctx), values{"user": "alice"})
	if got := hearer.core.Ended(hearer.id(token)); got != store.Renewed {
		t.Errorf("Ended: %q", got)
	}
}

// unfollow: a watch hears of a session only while it follows it.
func (s suite) unfollow(t *testing.T, where string) {
	t.Helper()
	maker, hearer := s.pair(t, where)
	token, other := maker.login(t, values{"user": "alice"}), maker.login(t, values{"user": "bob"})
	e := hearer.listen(t, maker, token)
	also := hearer.listen(t, maker, token) // a second watch is not disturbed
	e.Follow(e.n.id(token))                // twice is once
	drain(t, also)
	e.Unfollow(e.n.id(token))
	e.Unfollow(e.n.id(token))
	maker.put(t, token, "unheard", true)
	maker.put(t, other, "unheard", true)
	also.want(t, store.Changed, "unheard")
	also.Close()
	also.Close()
	if event, ok := <-also.Events(); ok {
		t.Errorf("a closed watch heard %v", event)
	}
	also.Follow(also.n.id(token)) // changes nothing
	if n := e.Heard(e.n.id(token)); n > 0 {
		t.Errorf("%d events of a session that is not followed", n)
	}
	third := hearer.listen(t, maker, token) // the line works as before
	maker.put(t, token, "heard", true)
	third.want(t, store.Changed, "heard")
}

// slow: nobody waits for a watch that nobody reads. When it is read, it has heard of all
// that was changed, in few events, and of the end.
func (s suite) slow(t *testing.T, where string) {
	t.Helper()
	const changes = 3000
	maker, hearer := s.pair(t, where)
	token := maker.login(t, values{"user": "alice"})
	slow, quick := hearer.listen(t, maker, token), hearer.listen(t, maker, token)
	ctx := maker.load(t, token)
	for i := range changes {
		maker.Put(ctx, fmt.Sprintf("k%d", i%10), i)
		maker.commit(t, ctx)
	}
	drain(t, quick)
	if err := maker.Destroy(ctx); err != nil {
		t.Fatal(err)
	}
	var keys []string
	for n := 0; ; n++ {
		event := slow.next(t)
		if event.Kind == store.Destroyed {
			break
		}
		if keys = append(keys, event.Keys...); n > 3 {
			t.Fatalf("event %d: %v", n, event)
		}
	}
	for i := range 10 {
		if key := fmt.Sprintf("k%d", i); !slices.Contains(keys, key) {
			t.Errorf("%s is not among %q", key, keys)
		}
	}
}

// by: all hear of a commit but the watch of who made it.
func (s suite) by(t *testing.T) {
	n := s.node(t)
	token := n.login(t, values{"user": "alice"})
	mine, other := n.listen(t, n, token), n.listen(t, n, token)
	drain(t, mine, other)
	key := n.core.Key(token)
	base, _, _, err := n.core.Load(t.Context(), key, nil)
	if err != nil {
		t.Fatal(err)
	}
	next, err := n.core.Encode(base.Deadline, values{"user": "alice", "by": true})
	if err != nil {
		t.Fatal(err)
	}
	n.put(t, token, "user", "bob")
	mine.want(t, store.Changed, "user")
	other.want(t, store.Changed, "user")
	if _, err := n.core.Save(t.Context(), store.Commit{Key: key, Base: base, Mine: next, Used: in(0), By: mine.Watch}); err != nil {
		t.Fatal(err)
	}
	other.want(t, store.Changed, "by")
	mine.wantNothing(t)
	n.core.Expire(n.id(token))
	mine.want(t, store.Expired)
	if got := n.core.Ended(n.id(token)); got != store.Expired {
		t.Errorf("Ended: %q", got)
	}
}

func (s suite) hears(t *testing.T) {
	if got := s.node(t).core.Hears(); got == s.has(NoEvents) {
		t.Errorf("Hears: %v", got)
	}
}
