// Package limit keeps clients from flooding logs: of each kind of thing a few a
// minute are told, and the rest is counted.
package limit

import (
	"strings"
	"sync"
	"time"
)

const (
	window = time.Minute
	few    = 5 // are told in a window

	// maxCauses is how many causes of a kind are told apart at a time. Where a
	// client can make up more, those share what is told of one.
	maxCauses = 32
)

// A Limiter says what may be told. The zero value is ready to use. It is safe for
// concurrent use, and has no goroutine.
type Limiter struct {
	mu    sync.Mutex
	kinds map[string]map[string]*tally // by kind and cause
}

// A tally counts one cause of a kind.
type tally struct {
	since  time.Time // when the window began
	told   int       // in the window
	untold int       // since the last that was told
}

// Allow tells whether one more thing of a kind, with its cause, may be told, and
// how many like it were not since the last that was. Kinds are the program's own:
// they are not bounded. A cause is any text.
func (l *Limiter) Allow(kind, cause string) (untold int, ok bool) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.tallyLocked(kind, blur(cause), now)
	if now.Sub(t.since) >= window {
		t.since, t.told = now, 0
	}
	if t.told == few {
		t.untold++
		return 0, false
	}
	t.told++
	untold, t.untold = t.untold, 0
	return untold, true
}

// rest is the cause of those that have no tally of their own.
const rest = "\x00"

func (l *Limiter) tallyLocked(kind, cause string, now time.Time) *tally {
	if l.kinds == nil {
		l.kinds = make(map[string]map[string]*tally)
	}
	causes := l.kinds[kind]
	if causes == nil {
		causes = make(map[string]*tally)
		l.kinds[kind] = causes
	}
	if causes[cause] == nil && len(causes) >= maxCauses {
		forget(causes, now)
		if len(causes) >= maxCauses {
			cause = rest
		}
	}
	if causes[cause] == nil {
		causes[cause] = &tally{since: now}
	}
	return causes[cause]
}

// forget drops the tallies whose window is over. What they have not told is told
// with the rest.
func forget(causes map[string]*tally, now time.Time) {
	untold := 0
	for cause, t := range causes {
		if now.Sub(t.since) >= window {
			untold += t.untold
			delete(causes, cause)
		}
	}
	if untold > 0 {
		if causes[rest] == nil {
			causes[rest] = &tally{since: now}
		}
		causes[rest].untold += untold
	}
}

const (
	maxCause = 200 // bytes of a cause that count
	maxWord  = 20  // letters of a word; what is longer is an id
)

// blur takes out of a cause what names one of many: words with a digit, and words
// that are too long. What is left says what went wrong, not for whom.
func blur(cause string) string {
	cause, _, _ = strings.Cut(cause[:min(len(cause), maxCause)], "\n")
	var b strings.Builder
	for len(cause) > 0 {
		n := strings.IndexFunc(cause, func(r rune) bool { return !isWord(r) })
		switch {
		case n < 0:
			n = len(cause)
		case n == 0:
			b.WriteByte(cause[0])
			cause = cause[1:]
			continue
		}
		if word := cause[:n]; n > maxWord || strings.ContainsAny(word, "0123456789") {
			b.WriteByte('#')
		} else {
			b.WriteString(word)
		}
		cause = cause[n:]
	}
	return b.String()
}

func isWord(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_' || r == '-'
}
