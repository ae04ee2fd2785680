package storetest

import (
	"bytes"
	"errors"
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

// bytes: nobody changes bytes that were passed in or handed out, any bytes come back as
// they are, and no key leads to another.
func (s suite) bytes(t *testing.T) {
	b, k := s.open(t), key()
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	old, big := bytes.Repeat(all, 4), bytes.Repeat(all, 4096)
	mustSwap(t, b, k, nil, old, in(later))
	held, _, _, err := b.Find(t.Context(), k)
	if err != nil {
		t.Fatal(err)
	}
	mustSwap(t, b, k, old, big, in(later))
	wantBytes(t, b, k, big)
	if !bytes.Equal(held, bytes.Repeat(all, 4)) {
		t.Error("a swap changed the bytes that Find had returned")
	}
	for _, other := range []string{k + "*", k + "?", k[:len(k)-1], k + " ", "\\" + k} {
		wantAbsent(t, b, other)
	}
}

func (s suite) list(t *testing.T) {
	b := s.open(t)
	lister, ok := b.(store.Lister)
	if s.has(NoList) {
		if !ok {
			return
		}
		if _, err := lister.All(t.Context()); !errors.Is(err, store.ErrNoList) {
			t.Errorf("the backend has a list after all: error %v", err)
		}
		return
	}
	if !ok {
		t.Fatal("the backend is no store.Lister: claim the limit NoList")
	}
	one, two, dead, ended := key(), key(), key(), key()
	mustSwap(t, b, one, nil, []byte("1"), in(later))
	mustSwap(t, b, two, nil, []byte("2"), in(later))
	mustSwap(t, b, ended, nil, []byte("3"), in(later))
	mustSwap(t, b, dead, nil, []byte("4"), in(soon))
	if _, err := b.Delete(t.Context(), ended, store.Note{}); err != nil {
		t.Fatal(err)
	}
	Eventually(t, "a session expires", func() bool {
		_, _, ok, err := b.Find(t.Context(), dead)
		return err == nil && !ok
	})
	all, err := lister.All(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if string(all[one]) != "1" || string(all[two]) != "2" {
		t.Errorf("All returned %q and %q, want 1 and 2", all[one], all[two])
	}
	for _, k := range []string{dead, ended} {
		if b, ok := all[k]; ok {
			t.Errorf("All returned %q, which has ended", b)
		}
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
	wantHolds(t, b, key, want, true)
	wantHolds(t, b, key, append([]byte("other"), want...), false)
}

// wantHolds checks a store.Comparer.
func wantHolds(t *testing.T, b store.Backend, key string, bytes []byte, want bool) {
	t.Helper()
	if comparer, ok := b.(store.Comparer); ok {
		if held, err := comparer.Holds(t.Context(), key, bytes); held != want || err != nil {
			t.Errorf("Holds %q: %v, error %v, want %v", bytes, held, err, want)
		}
	}
}

func wantAbsent(t *testing.T, b store.Backend, key string) {
	t.Helper()
	if got, _, ok, err := b.Find(t.Context(), key); ok || err != nil || got != nil {
		t.Errorf("Find: %q, ok %v, error %v, want nothing", got, ok, err)
	}
	wantHolds(t, b, key, nil, false)
}
