package pace_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/pace"
)

// about reports whether a time is that, or a few ticks off.
func about(got, want time.Duration) bool { return (got - want).Abs() <= 30*time.Millisecond }

func TestEach(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		items, rate int
		limit       time.Duration // of the context; 0 for none
		idle        int           // of the items, which have nothing to do
		want        time.Duration
	}{
		"at the rate":             {items: 1000, rate: 500, want: 2 * time.Second},
		"few go at once":          {items: 5, rate: 500, want: 0},
		"none":                    {items: 0, rate: 500, want: 0},
		"below one a tick":        {items: 20, rate: 10, want: 2 * time.Second},
		"no rate":                 {items: 1000, rate: -1, want: 0},
		"the context has time":    {items: 1000, rate: 500, limit: time.Minute, want: 2 * time.Second},
		"the context has little":  {items: 13000, rate: 500, limit: 8 * time.Second, want: 6 * time.Second},
		"the context has none":    {items: 1000, rate: 500, limit: time.Nanosecond, want: 0},
		"idle ones take no time":  {items: 1000, rate: 500, idle: 500, want: time.Second},
		"all idle":                {items: 1000, rate: 500, idle: 1000, want: 0},
		"the last are done early": {items: 501, rate: 500, limit: 10 * time.Second, want: time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if row.limit != 0 {
					limited, cancel := context.WithTimeout(ctx, row.limit)
					defer cancel()
					ctx = limited
				}
				start, last := time.Now(), -1
				pace.Each(ctx, row.rate, numbers(row.items), func(n int) bool {
					if n != last+1 {
						t.Errorf("%d follows %d", n, last)
					}
					last = n
					return n >= row.idle
				})
				if last != row.items-1 {
					t.Errorf("the last was %d of %d", last, row.items)
				}
				if took := time.Since(start); !about(took, row.want) {
					t.Errorf("took %v, want %v", took, row.want)
				}
			})
		})
	}
}

// What is left when the context ends is done at once.
func TestEachEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		start, calls := time.Now(), 0
		pace.Each(ctx, 100, numbers(1000), func(int) bool { calls++; return true })
		if took := time.Since(start); calls != 1000 || !about(took, time.Second) {
			t.Errorf("%d calls in %v", calls, took)
		}
	})
}

func numbers(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}
