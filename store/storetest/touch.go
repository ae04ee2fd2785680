package storetest

import (
	"testing"
	"time"
)

func (s suite) touch(t *testing.T) {
	b, k := s.open(t), key()
	touch := func(expiry time.Time, want bool) {
		t.Helper()
		ok, err := b.Touch(t.Context(), k, until(expiry))
		if err != nil {
			t.Fatal(err)
		}
		if ok != want {
			t.Errorf("Touch returned %v, want %v", ok, want)
		}
	}
	touch(in(later), false)
	wantAbsent(t, b, k)

	end := in(soon)
	mustSwap(t, b, k, nil, []byte("kept"), end)
	touch(in(later), true)
	if !s.has(NoExpiry) {
		touch(in(soon), true) // changes nothing
	}
	waitUntil(t, end.Add(50*time.Millisecond))
	wantBytes(t, b, k, []byte("kept"))
}

func waitUntil(t *testing.T, at time.Time) {
	t.Helper()
	select {
	case <-time.After(time.Until(at)):
	case <-t.Context().Done():
	}
}

// idle: with an IdleTimeout, a commit and a touch keep the session alive for that long
// after its last use, but not beyond its deadline.
func (s suite) idle(t *testing.T) {
	const idle = later / 4
	n := s.node(t)
	n.IdleTimeout = idle
	token := n.login(t, values{"user": "alice"})
	key := n.core.Key(token)
	want := func(step string, want time.Time) {
		t.Helper()
		_, expiry, ok, err := n.core.Load(t.Context(), key, nil)
		if err != nil || !ok {
			t.Fatalf("after %s: ok %v, error %v", step, ok, err)
		}
		if off := expiry.Sub(want).Abs(); !s.has(NoExpiry) && off > time.Second {
			t.Errorf("after %s: the expiry is %v off", step, off)
		}
	}
	touch := func(deadline, used time.Time) {
		t.Helper()
		if err := n.core.Touch(t.Context(), key, deadline, used); err != nil {
			t.Fatal(err)
		}
	}
	want("a commit", in(idle))
	deadline := n.Deadline(n.load(t, token))
	touch(deadline, in(idle))
	want("a touch", in(2*idle))
	if !s.has(NoExpiry) {
		touch(deadline, in(0))
		want("a touch of an earlier use", in(2*idle))
		n.put(t, token, "a", 1)
		want("a commit of an earlier use", in(2*idle))
	}
	ctx := n.load(t, token)
	n.SetDeadline(ctx, in(idle/2))
	n.commit(t, ctx)
	want("a deadline", in(idle/2))
	touch(n.Deadline(ctx), in(idle))
	want("a touch beyond the deadline", in(idle/2))
	n.put(t, token, "b", 1)
	want("a commit beyond the deadline", in(idle/2))
}
