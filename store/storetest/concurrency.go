package storetest

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// concurrency counts with swaps. If two succeed from the same bytes, an increment is
// lost.
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

// ends: no swap that races with a delete brings the session back, and of many deletes
// one gets the last bytes.
func (s suite) ends(t *testing.T) {
	const rounds, writers, deleters = 20, 4, 2
	b := s.open(t)
	for range rounds {
		k := key()
		mustSwap(t, b, k, nil, []byte("0"), in(later))
		var all sync.WaitGroup
		var got sync.Map // the last bytes, by deleter
		for w := range writers {
			all.Go(func() {
				current, err := []byte("0"), error(nil)
				for n := 0; current != nil && err == nil; n++ {
					next := []byte(strconv.Itoa(w) + " " + strconv.Itoa(n))
					current, _, err = b.Swap(t.Context(), k, store.Change{Old: current, New: next, Life: until(in(later))})
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		for d := range deleters {
			all.Go(func() {
				last, err := b.Delete(t.Context(), k, store.Note{})
				if err != nil {
					t.Error(err)
				}
				if last != nil {
					got.Store(d, last)
				}
			})
		}
		all.Wait()
		wantAbsent(t, b, k)
		n := 0
		for range got.Range {
			n++
		}
		if n != 1 {
			t.Errorf("%d deletes got the last bytes, want 1", n)
		}
	}
}

// context: a call gives up when its context ends, and the backend works for the next
// call.
func (s suite) context(t *testing.T) {
	b, k := s.open(t), key()
	mustSwap(t, b, k, nil, []byte("a"), in(later))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	// A backend may or may not notice in time. All calls return.
	for name, call := range map[string]func() error{
		"Find": func() error { _, _, _, err := b.Find(ctx, k); return err },
		"Swap": func() error {
			_, _, err := b.Swap(ctx, k, store.Change{Old: []byte("other"), New: []byte("b")})
			return err
		},
		"Touch":  func() error { _, err := b.Touch(ctx, k, until(in(later))); return err },
		"Delete": func() error { _, err := b.Delete(ctx, key(), store.Note{}); return err },
	} {
		if err := call(); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error %v, want none or that of the context", name, err)
		}
	}
	wantBytes(t, b, k, []byte("a"))
	mustSwap(t, b, k, []byte("a"), []byte("b"), in(later))
}
