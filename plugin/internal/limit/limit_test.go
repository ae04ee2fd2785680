package limit

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A few of a kind are told in a minute, then a count with the next.
func TestAllow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l Limiter
		told := func(n int, kind, cause string) (ok, untold int) {
			for range n {
				if before, yes := l.Allow(kind, cause); yes {
					ok, untold = ok+1, untold+before
				}
			}
			return ok, untold
		}
		for _, row := range []struct {
			after       time.Duration
			n           int
			kind, cause string
			ok, untold  int
		}{
			{0, 100, "save", "refused", few, 0},
			{0, 1, "save", "timeout", 1, 0}, // another cause
			{0, 1, "load", "refused", 1, 0}, // another kind
			{59 * time.Second, 10, "save", "refused", 0, 0},
			{time.Second, 1, "save", "refused", 1, 100 - few + 10},
			{0, 1, "save", "refused", 1, 0}, // it was told
			{time.Hour, few, "save", "refused", few, 0},
		} {
			time.Sleep(row.after)
			if ok, untold := told(row.n, row.kind, row.cause); ok != row.ok || untold != row.untold {
				t.Errorf("%+v: %d were told, %d untold", row, ok, untold)
			}
		}
	})
}

// Who makes up causes gets no more told than one minute's share of each that is
// kept, and no memory; other kinds are told as before, and nothing goes uncounted.
func TestAllowIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l Limiter
		const flood = 100_000
		told, counted := 0, 0
		for n := range flood {
			cause := strings.NewReplacer("0", "a", "1", "b", "2", "c", "3", "d", "4", "e", "5", "f", "6", "g", "7", "h", "8", "i", "9", "j").Replace(fmt.Sprint(n))
			if untold, ok := l.Allow("event", cause); ok {
				told, counted = told+1, counted+untold
			}
		}
		if kept := len(l.kinds["event"]); kept > maxCauses+1 || told > maxCauses+few {
			t.Errorf("%d causes are kept, %d were told", kept, told)
		}
		if _, ok := l.Allow("save", "refused"); !ok {
			t.Error("another kind was not told")
		}
		time.Sleep(window)
		if _, ok := l.Allow("event", "something new"); !ok {
			t.Error("a new cause was not told when the window was over")
		}
		if kept := len(l.kinds["event"]); kept > 2 {
			t.Errorf("%d causes are kept when their window is over", kept)
		}
		untold, ok := l.Allow("event", rest)
		if told+counted+untold != flood || !ok {
			t.Errorf("%d were told and %d counted of %d", told, counted+untold, flood)
		}
	})
}

// Causes differ by what went wrong, not by whom it concerns.
func TestBlur(t *testing.T) {
	t.Parallel()
	for cause, want := range map[string]string{
		"":                                 "",
		"connection refused":               "connection refused",
		"dial tcp 127.0.0.1:6379: refused": "dial tcp #.#.#.#:#: refused",
		"session Zl3xM_a-b9Q: gone":        "session #: gone",
		"session " + strings.Repeat("abcdefgh-_", 4) + " ended": "session # ended",
		"panic: x\ngoroutine 17":                                "panic: x",
		"état 7":                                                "état #",
	} {
		if got := blur(cause); got != want {
			t.Errorf("%q: %q, want %q", cause, got, want)
		}
	}
	if got := blur(strings.Repeat("a ", 10_000)); len(got) > maxCause {
		t.Errorf("%d bytes", len(got))
	}
}

// A logger writes a few lines of each message and error, with its attributes and
// the number of those that were left out.
func TestLogger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		log := Logger(slog.New(slog.NewTextHandler(&b, nil))).With("app", "a").WithGroup("g")
		for n := range 50 {
			log.Info("ended", "remote", n, "why", errors.New("too long"))
			log.Info("ended", "why", fmt.Errorf("bad frame %d", n))
			log.Debug("never")
		}
		if got := strings.Count(b.String(), "msg=ended app=a g."); got != 2*few {
			t.Errorf("%d lines: %s", got, &b)
		}
		time.Sleep(window)
		b.Reset()
		log.Info("ended", "why", errors.New("too long"))
		if got := b.String(); !strings.Contains(got, "untold=45") {
			t.Errorf("got %s", got)
		}
	})
}
