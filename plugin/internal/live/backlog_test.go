package live_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/live"
)

// waits compares the backlog of a node.
func (n *node) waits(when string, sessions int, oldest time.Duration) {
	n.Helper()
	if s, o := n.Backlog(); s != sessions || o != oldest {
		n.Errorf("%s: %d sessions are not saved, the oldest for %v; want %d, %v", when, s, o, sessions, oldest)
	}
}

// A change waits from when it was made until the store has it, however often that fails
// and whatever comes after it.
func TestBacklog(t *testing.T) {
	t.Parallel()
	config := defaults()
	config.StoreGrace = -1
	onClock(t, config, 0, 24*time.Hour, func(n *node) {
		put := func(m *member, value string) { m.do(func(u *live.Use) { n.manager.Put(u, "k", value) }) }
		var busy atomic.Bool
		var first *member
		n.backend.swapping = func() {
			if busy.Load() {
				put(first, time.Now().String())
			}
		}
		first, _ = n.enter()
		second, _ := n.enter()
		n.waits("at first", 0, 0)
		put(first, "a")
		pass(n.config.FlushInterval / 2)
		n.waits("before it is due", 1, n.config.FlushInterval/2)
		pass(n.config.FlushInterval)
		n.waits("when it was due", 0, 0)

		n.backend.down.Store(true)
		for range 10 { // each tries, and fails
			put(first, time.Now().String())
			pass(time.Second)
		}
		put(second, "b")
		pass(time.Second / 2)
		n.waits("while the store is away", 2, 10*time.Second+time.Second/2)
		n.backend.down.Store(false)
		pass(3 * time.Second)
		n.waits("when it is back", 0, 0)

		busy.Store(true) // there is always something to save
		put(first, "c")
		pass(10*n.config.FlushInterval + n.config.FlushInterval/2)
		n.waits("when each save leaves something", 1, n.config.FlushInterval/2)
		busy.Store(false)
		pass(2 * n.config.FlushInterval)
		put(second, "c")
		second.do(func(u *live.Use) {
			if err := n.manager.Destroy(u); err != nil {
				n.Error(err)
			}
		})
		pass(2 * n.config.FlushInterval)
		n.waits("when a session has ended", 0, 0)
	})
}

// Of each save the size is told, and of those that are too large which session it is.
func TestSizeOfSaves(t *testing.T) {
	t.Parallel()
	var sizes, large []string
	config := defaults()
	config.Saved = func(_ time.Time, bytes int, err error) {
		sizes = append(sizes, fmt.Sprint(bytes/1000, errors.Is(err, errDown)))
	}
	config.Large, config.LargeBytes = func(id string, bytes int) { large = append(large, fmt.Sprint(id, bytes/1000)) }, 20_000
	onClock(t, config, 0, 24*time.Hour, func(n *node) {
		n.perMessage = true
		m, _ := n.enter()
		for _, size := range []int{10_000, 30_000} {
			m.do(func(u *live.Use) { n.manager.Put(u, "k", make([]byte, size)) })
		}
		if got, want := fmt.Sprint(sizes, large), fmt.Sprint([]string{"10 false", "30 false"}, []string{m.entry.ID() + "30"}); got != want {
			n.Errorf("told %s, want %s", got, want)
		}
	})
}
