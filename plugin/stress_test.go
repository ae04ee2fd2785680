package plugin_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

// Invariants 1 and 3: 8 sockets of one session and 8 HTTP writers; counters by
// Update are exact, distinct keys are all kept.
func TestStress(t *testing.T) {
	t.Parallel()
	scopes(t, func(t *testing.T, options plugin.Options) {
		const writers, rounds = 8, 15
		a := newApp(t, nil, options, register)
		cookie := a.login("alice")
		var all sync.WaitGroup
		for w := range writers {
			c := a.enter(cookie)
			all.Go(func() {
				for n := range rounds {
					for _, event := range []string{`["count"]`, fmt.Sprintf(`["put","s%d-%d","v"]`, w, n), `["put+fail","bad","v"]`} {
						if got := c.askOr(event); strings.Contains(got, "error") != strings.Contains(event, "fail") {
							t.Errorf("%s got %s", event, got)
							return
						}
					}
				}
			})
			all.Go(func() {
				for n := range rounds {
					if body, _ := a.get(cookie, fmt.Sprintf("/put?h%d-%d=v", w, n)); body != "" {
						t.Errorf("HTTP got %s", body)
					}
				}
			})
		}
		all.Wait()
		if err := a.sessions.Close(t.Context()); err != nil {
			t.Error(err)
		}
		stored := a.stored(cookie)
		if stored["n"] != writers*rounds || stored["bad"] != nil || stored["user"] != "alice" {
			t.Errorf("n is %v, want %d; bad is %v", stored["n"], writers*rounds, stored["bad"])
		}
		for w := range writers {
			for n := range rounds {
				for _, by := range "sh" {
					if key := fmt.Sprintf("%c%d-%d", by, w, n); stored[key] != "v" {
						t.Errorf("%s is lost", key)
					}
				}
			}
		}
	})
}
