package storetest

import (
	"testing"
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
)

func (s suite) expiry(t *testing.T) {
	b, k := s.open(t), key()
	mustSwap(t, b, k, nil, []byte("short"), in(soon))
	wantBytes(t, b, k, []byte("short"))
	Eventually(t, "the session expires", func() bool {
		_, _, ok, err := b.Find(t.Context(), k)
		return err == nil && !ok
	})
	wantNoSwap(t, b, k, []byte("short"), []byte("undead"), nil)
	if ok, err := b.Touch(t.Context(), k, until(in(later))); ok || err != nil {
		t.Errorf("Touch of an expired session: %v, %v", ok, err)
	}
	if last, err := b.Delete(t.Context(), k, store.Note{}); last != nil || err != nil {
		t.Errorf("Delete of an expired session: %q, %v", last, err)
	}
	mustSwap(t, b, k, nil, []byte("new"), in(later))
	wantBytes(t, b, k, []byte("new"))
}

// life: a swap or touch with an earlier expiry does not cut a session short, but a limit
// does.
func (s suite) life(t *testing.T) {
	if s.has(NoExpiry) {
		t.Log("the backend cannot tell an expiry")
		return
	}
	b, k := s.open(t), key()
	mustSwap(t, b, k, nil, []byte("a"), in(later))
	wantExpiry := func(step string, want time.Time) {
		t.Helper()
		_, expiry, ok, err := b.Find(t.Context(), k)
		if off := expiry.Sub(want).Abs(); !ok || err != nil || off > time.Second {
			t.Errorf("after %s: ok %v, error %v, the expiry is %v off", step, ok, err, off)
		}
	}
	swap := func(old, new string, life store.Life) {
		t.Helper()
		if _, ok, err := b.Swap(t.Context(), k, store.Change{Old: []byte(old), New: []byte(new), Life: life}); !ok || err != nil {
			t.Fatalf("Swap %q -> %q: ok %v, error %v", old, new, ok, err)
		}
	}
	touch := func(life store.Life) {
		t.Helper()
		if ok, err := b.Touch(t.Context(), k, life); !ok || err != nil {
			t.Fatalf("Touch: ok %v, error %v", ok, err)
		}
	}
	early, limit := in(later/2), in(2*later)
	swap("a", "b", store.Life{Expiry: early, Limit: limit})
	wantExpiry("a swap with an earlier expiry", in(later))
	touch(store.Life{Expiry: early, Limit: limit})
	wantExpiry("a touch with an earlier expiry", in(later))
	swap("b", "c", store.Life{Expiry: early, Limit: early})
	wantExpiry("a swap with an earlier limit", early)
	touch(store.Life{Expiry: limit, Limit: limit})
	wantExpiry("a touch with a later expiry", limit)
	touch(store.Life{Expiry: limit, Limit: early})
	wantExpiry("a touch with an earlier limit", early)
}
