package rawclient

import (
	"runtime/pprof"
	"strings"
	"testing"
	"time"
)

// Patience is how long a test waits for what must come. A test that passes
// never waits it out.
const Patience = 20 * time.Second

// Eventually waits for what another goroutine is about to do: until ok, which it
// calls every millisecond, returns true. It fails the test when Patience is over.
func Eventually(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	late := time.After(Patience)
	for !ok() {
		select {
		case <-again.C:
		case <-late:
			tb.Fatalf("not in time: %s\n%s", what, Stacks())
		}
	}
}

// Recv returns what comes on a channel. It fails the test when nothing has come
// in Patience.
func Recv[T any](tb testing.TB, what string, c <-chan T) (v T) {
	tb.Helper()
	select {
	case v = <-c:
	case <-time.After(Patience):
		tb.Fatalf("not in time: %s\n%s", what, Stacks())
	}
	return v
}

// Stacks returns what the goroutines do that run code of this project, a blank line
// between them, however many there are: what a test waits for in vain is often stuck
// there.
func Stacks() string {
	var all, ours strings.Builder
	_ = pprof.Lookup("goroutine").WriteTo(&all, 2) // a Builder does not fail
	for one := range strings.SplitSeq(all.String(), "\n\n") {
		if strings.Contains(one, "socketio-sessions/plugin.") || strings.Contains(one, "socketio-sessions/plugin/internal") {
			ours.WriteString(one + "\n\n")
		}
	}
	return ours.String()
}
