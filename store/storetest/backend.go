package storetest

import (
	"bytes"
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
)

func (s suite) find(t *testing.T) {
	b, k := s.open(t), key()
	wantAbsent(t, b, k)
	bytes := []byte("a\x00\xff\r\nb")
	end := in(later)
	mustSwap(t, b, k, nil, bytes, end)
	wantBytes(t, b, k, bytes)
	_, expiry, _, err := b.Find(t.Context(), k)
	if err != nil {
		t.Fatal(err)
	}
	if off := expiry.Sub(end).Abs(); !s.has(NoExpiry) && off > time.Second {
		t.Errorf("Find tells an expiry that is %v off", off)
	}
}

func (s suite) swap(t *testing.T) {
	b, k := s.open(t), key()
	one, two, three := []byte("one"), []byte("two"), []byte("three")

	wantNoSwap(t, b, k, one, two, nil) // nothing there
	wantAbsent(t, b, k)
	mustSwap(t, b, k, nil, one, in(later))
	wantNoSwap(t, b, k, nil, two, one) // there already
	wantNoSwap(t, b, k, two, three, one)
	wantBytes(t, b, k, one)
	mustSwap(t, b, k, one, two, in(later))
	mustSwap(t, b, k, two, two, in(later)) // the same bytes are a swap too
	wantBytes(t, b, k, two)
	wantAbsent(t, b, key())
}

func (s suite) delete(t *testing.T) {
	b, k := s.open(t), key()
	mustSwap(t, b, k, nil, []byte("last"), in(later))
	for _, want := range []string{"last", ""} {
		last, err := b.Delete(t.Context(), k, store.Note{})
		if err != nil {
			t.Fatal(err)
		}
		if string(last) != want || (want == "") != (last == nil) {
			t.Errorf("Delete returned %q, want %q", last, want)
		}
		wantAbsent(t, b, k)
	}
	wantNoSwap(t, b, k, []byte("last"), []byte("undead"), nil)
	wantAbsent(t, b, k)
}

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

// life: neither a swap nor a touch with an earlier expiry cuts a session
// short, and a limit always does.
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

func (s suite) expiry(t *testing.T) {
	b, k := s.open(t), key()
	mustSwap(t, b, k, nil, []byte("short"), in(soon))
	wantBytes(t, b, k, []byte("short"))
	waitFor(t, "the session expires", func() bool {
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

// concurrency counts with swaps: an increment is lost when two succeed from
// the same bytes.
func (s suite) concurrency(t *testing.T) {
	const writers, increments = 8, 50
	b, k := s.open(t), key()
	mustSwap(t, b, k, nil, []byte("0"), in(later))
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			current, _, _, err := b.Find(t.Context(), k)
			for n := 0; n < increments && err == nil; {
				value, _ := strconv.Atoi(string(current))
				var ok bool
				current, ok, err = b.Swap(t.Context(), k, store.Change{Old: current, New: []byte(strconv.Itoa(value + 1)), Life: until(in(later))})
				if ok {
					n++
				}
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	wantBytes(t, b, k, []byte(strconv.Itoa(writers*increments)))
}

func (s suite) list(t *testing.T) {
	b := s.open(t)
	lister, ok := b.(store.Lister)
	if !ok {
		t.Log("the backend is no store.Lister")
		return
	}
	one, two := key(), key()
	mustSwap(t, b, one, nil, []byte("1"), in(later))
	mustSwap(t, b, two, nil, []byte("2"), in(later))
	all, err := lister.All(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if string(all[one]) != "1" || string(all[two]) != "2" {
		t.Errorf("All returned %q and %q, want 1 and 2", all[one], all[two])
	}
}

func mustSwap(t *testing.T, b store.Backend, key string, old, new []byte, expiry time.Time) {
	t.Helper()
	current, ok, err := b.Swap(t.Context(), key, store.Change{Old: old, New: new, Life: until(expiry)})
	if err != nil || !ok {
		t.Fatalf("Swap %q -> %q: ok %v, error %v, current %q", old, new, ok, err, current)
	}
}

func wantNoSwap(t *testing.T, b store.Backend, key string, old, new, want []byte) {
	t.Helper()
	current, ok, err := b.Swap(t.Context(), key, store.Change{Old: old, New: new, Life: until(in(later))})
	if err != nil {
		t.Fatal(err)
	}
	if ok || !bytes.Equal(current, want) || (want == nil) != (current == nil) {
		t.Errorf("Swap %q -> %q: ok %v, current %q, want false, %q", old, new, ok, current, want)
	}
}

func wantBytes(t *testing.T, b store.Backend, key string, want []byte) {
	t.Helper()
	got, _, ok, err := b.Find(t.Context(), key)
	if err != nil || !ok || !bytes.Equal(got, want) {
		t.Errorf("Find: %q, ok %v, error %v, want %q", got, ok, err, want)
	}
}

func wantAbsent(t *testing.T, b store.Backend, key string) {
	t.Helper()
	if got, _, ok, err := b.Find(t.Context(), key); ok || err != nil || got != nil {
		t.Errorf("Find: %q, ok %v, error %v, want nothing", got, ok, err)
	}
}

func waitUntil(t *testing.T, at time.Time) {
	t.Helper()
	select {
	case <-time.After(time.Until(at)):
	case <-t.Context().Done():
	}
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for !ok() {
		select {
		case <-again.C:
		case <-ctx.Done():
			t.Fatalf("not in time: %s", what)
		}
	}
}
