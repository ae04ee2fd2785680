package wire

import (
	"net/http"
	"strings"
	"sync"
	"testing"
)

// tallies counts by what was heard.
type tallies struct {
	mu    sync.Mutex
	heard map[string]int
}

func (t *tallies) add(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.heard == nil {
		t.heard = make(map[string]int)
	}
	t.heard[what]++
}

func (t *tallies) count(what string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.heard[what]
}

// watched makes a host's wire tell of what it refuses and drops.
func (t *tallies) watch(h *host) {
	h.wire.Observe(Observer{
		Refused: func(r *http.Request, why string) { t.add(r.Method + " " + why) },
		Dropped: t.add,
	})
}

// Each request that is not let in is told once, with the reason; others are not.
func TestRefusedAreTold(t *testing.T) {
	t.Parallel()
	var told tallies
	h := newHost(t, Options{Logger: quiet}, func(h *host) {
		told.watch(h)
		h.wire.Identify(Identity{
			Credential: func(r *http.Request) string { return r.Header.Get("Whose") },
			Ended:      func(string) bool { return false },
		})
	})
	c := h.caller(namePolling, 4)
	c.Header = http.Header{"Whose": {"mine"}}
	c.MustOpen()
	h.call(nameWebsocket, 3)
	old := upgrading(nameWebsocket)
	old.Set("Sec-Websocket-Version", "8")
	rows := []struct {
		query  string
		header http.Header
		why    string
	}{
		{"transport=polling", http.Header{"Origin": {"http://evil.example"}}, RefusedOrigin},
		{"transport=polling&j=0", nil, RefusedMalformed},
		{"transport=carrier-pigeon", nil, RefusedMalformed},
		{"transport=polling&EIO=2", nil, RefusedMalformed},
		{"transport=websocket", nil, RefusedMalformed},
		{"transport=websocket", old, RefusedMalformed},
		{"transport=polling&sid=1", nil, RefusedUnknownID},
		{"transport=polling&sid=" + c.ID, http.Header{"Whose": {"another's"}}, RefusedForeign},
	}
	want := make(map[string]int)
	for _, row := range rows {
		want["GET "+row.why]++
		h.request(http.MethodGet, h.web.URL+"/socket.io/?"+row.query, row.header)
		if got := told.count("GET " + row.why); got != want["GET "+row.why] {
			t.Errorf("%s: %s was told %d times, want %d", row.query, row.why, got, want["GET "+row.why])
		}
	}
	h.wire.registry.close()
	h.request(http.MethodGet, h.url(namePolling, 4), nil)
	if got := told.count("GET " + RefusedClosing); got != 1 {
		t.Errorf("%s was told %d times", RefusedClosing, got)
	}
	if len(told.heard) != len(want)+1 {
		t.Errorf("told %v", told.heard)
	}
}

// A wire that cannot serve its server says so of each handshake.
func TestRefusedByMistakeIsTold(t *testing.T) {
	t.Parallel()
	var told tallies
	h := newHost(t, Options{PingInterval: -1}, told.watch)
	h.request(http.MethodGet, h.url(namePolling, 4), nil)
	if got := told.count("GET " + RefusedInternal); got != 1 {
		t.Errorf("%s was told %d times", RefusedInternal, got)
	}
}

// Each client that is dropped is told once: for its own queue, or for that of all.
func TestDroppedAreTold(t *testing.T) {
	t.Parallel()
	for why, options := range map[string]Options{
		DroppedSlow: {MaxMessageBytes: 10_000, MaxQueueBytes: 100_000, Logger: quiet},
		DroppedShed: {MaxMessageBytes: 10_000, MaxQueueBytes: 1 << 20, MaxWaitingBytes: 1 << 20, Logger: quiet},
	} {
		t.Run(why, func(t *testing.T) {
			t.Parallel()
			var told tallies
			h := newHost(t, options, func(h *host) { narrow(h); told.watch(h) })
			if bytes, limit := h.wire.Waiting(); bytes != 0 || limit < 1<<20 {
				t.Errorf("%d bytes wait, of %d", bytes, limit)
			}
			var conns []*Conn
			for range 2 {
				conns = append(conns, h.conn(h.stalled(4)))
			}
			eventually(t, "they are dropped", func() bool {
				for _, c := range conns {
					h.server.BroadcastToRoom("/", c.ID(), "much", strings.Repeat("x", 10_000))
				}
				return told.count(why) >= len(conns)
			})
			for _, c := range conns {
				<-c.Done()
			}
			if len(told.heard) != 1 || told.heard[why] != len(conns) {
				t.Errorf("told %v", told.heard)
			}
			eventually(t, "nothing waits", func() bool { bytes, _ := h.wire.Waiting(); return bytes == 0 })
		})
	}
}
