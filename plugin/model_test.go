package plugin_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// Invariant 1 against a model: events, handlers on the server itself, requests of
// this node and of another put four keys in turn, however long changes wait to be
// saved. Whoever reads sees the last write, and that is what is stored in the end.
func TestLastWriteCounts(t *testing.T) {
	t.Parallel()
	for _, flush := range []time.Duration{time.Millisecond, time.Hour} {
		t.Run(flush.String(), func(t *testing.T) {
			t.Parallel()
			scopes(t, func(t *testing.T, options plugin.Options) {
				options.FlushInterval = flush
				testLastWriteCounts(t, options)
			})
		})
	}
}

func testLastWriteCounts(t *testing.T, options plugin.Options) {
	t.Helper()
	nodes := newNodes(t, 2, store.NewMemory(), options, rawApp)
	cookie := nodes[0].login("alice")
	clients := []*client{nodes[0].enter(cookie), nodes[0].enter(cookie)}
	model := make(map[string]string)
	for i := range long(300, 10_000) {
		c, key, value := clients[rand.IntN(2)], fmt.Sprint("k", rand.IntN(4)), fmt.Sprint(i)
		switch rand.IntN(6) {
		case 0, 1:
			c.ask(fmt.Sprintf(`["put","%s","%s"]`, key, value))
		case 2:
			c.ask(fmt.Sprintf(`["raw-put","%s","%s"]`, key, value))
		case 3:
			nodes[0].get(cookie, "/put?"+key+"="+value)
		case 4:
			nodes[1].get(cookie, "/put?"+key+"="+value)
		case 5:
			if model[key] == "" {
				continue
			}
			if got, _ := nodes[0].get(cookie, "/get?"+key); got != model[key] {
				t.Fatalf("step %d: a request reads %s = %q, want %s", i, key, got, model[key])
			}
			if got := c.ask(fmt.Sprintf(`["get","%s"]`, key)); got != `["`+model[key]+`"]` {
				t.Fatalf("step %d: an event reads %s = %s, want %s", i, key, got, model[key])
			}
			continue
		}
		model[key] = value
	}
	for _, c := range clients {
		c.HangUp()
	}
	eventually(t, "all is saved", func() bool { return nodes[0].sessions.Entries() == 0 })
	for key, value := range model {
		if got := nodes[1].stored(cookie)[key]; got != value {
			t.Errorf("stored: %s = %v, want %s", key, got, value)
		}
	}
}
