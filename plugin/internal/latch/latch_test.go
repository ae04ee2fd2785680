package latch_test

import (
	"sync"
	"testing"
	"testing/synctest"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/latch"
)

// Close wakes all that wait, by Wait or by Done, and those that come later.
func TestCloseWakes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := new(latch.Latch)
		var woken sync.WaitGroup
		for range 3 {
			woken.Go(l.Wait)
			woken.Go(func() { <-l.Done() })
		}
		synctest.Wait()
		if l.IsClosed() {
			t.Error("a new latch is closed")
		}
		l.Close()
		l.Close() // changes nothing
		woken.Wait()
		if !l.IsClosed() {
			t.Error("a closed latch is open")
		}
		l.Wait()
		<-l.Done()
	})
}
