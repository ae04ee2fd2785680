package wire

import (
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A raid is an attack by one kind of client.
type raid struct {
	attack
	transport string
	version   int
	bodies    bool // its frames are bodies of POSTs
}

// raids are all attacks of the hostile corpus, by all kinds of clients.
func raids(tb testing.TB) (all []raid) {
	tb.Helper()
	for _, a := range hostile(tb, "packets.txt") {
		for version := 3; version <= 4; version++ {
			all = append(all, raid{a, nameWebsocket, version, false}, raid{a, namePolling, version, false})
		}
	}
	for _, a := range hostile(tb, "payloads.txt") {
		version := 3
		if strings.HasPrefix(a.name, "v4") {
			version = 4
		}
		all = append(all, raid{a, namePolling, version, true})
	}
	return all
}

// enough is how many bytes of an attack are sent at most. Each frame counts for
// some more.
const enough, frameCost = 4 << 20, 500

// play sends an attack over c.
func (r raid) play(c caller) {
	sent := 0
	for some := range slices.Chunk(r.frames, 500) {
		for i, f := range some {
			if sent += len(f.data) + frameCost; sent > enough && i > 0 {
				some = some[:i]
				break
			}
		}
		if r.send(c, some) != nil || sent > enough {
			return
		}
	}
}

func (r raid) send(c caller, frames []frame) error {
	if !r.bodies {
		return c.Send(packets(frames)...)
	}
	for _, f := range frames {
		kind := "text/plain;charset=UTF-8"
		if f.binary {
			kind = "application/octet-stream"
		}
		if err := c.Post(f.data, kind); err != nil {
			return err
		}
	}
	return nil
}

// Invariant 10: whatever a client sends, over either transport and in either
// version, the process lives, other clients get answers, and the memory is
// released.
func TestAttacks(t *testing.T) { //nolint:paralleltest // it measures memory and goroutines
	h := newHost(t, Options{Logger: quiet}, nil)
	bystander := h.call(nameWebsocket, 3)
	before, goroutines := heap(), runtime.NumGoroutine()
	h.suffer(raids(t), bystander)
	eventually(t, "only the bystander is connected", func() bool { return h.wire.Len() == 1 && h.server.Count() == 1 })
	eventually(t, "no goroutine is left over", func() bool {
		h.web.Client().CloseIdleConnections()
		return runtime.NumGoroutine() <= goroutines+2
	})
	if grown := int64(heap()) - int64(before); grown > 20<<20 {
		t.Errorf("the heap has grown by %d MB", grown>>20)
	}
}

// suffer runs the raids, some at a time. After each, a bystander must get an
// answer.
func (h *host) suffer(all []raid, bystander caller) {
	h.Helper()
	var turn sync.Mutex
	crowd(len(all), 3, func(n int) {
		c := h.call(all[n].transport, all[n].version)
		all[n].play(c)
		turn.Lock()
		defer turn.Unlock()
		h.isServed(bystander, all[n].name)
		c.HangUp()
	})
}

func (h *host) isServed(c caller, after string) {
	h.Helper()
	if err := c.Try(`427["echo","still there"]`); err != nil {
		h.Errorf("after %s: %v", after, err)
	}
	if got, err := c.Read(); err != nil || got != `437["still there"]` {
		h.Errorf("after %s: got %q, %v", after, got, err)
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
