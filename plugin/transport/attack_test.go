package transport

import (
	"runtime"
	"slices"
	"strings"
	"testing"
)

// Invariant 10: whatever a client sends, over either transport and in either
// version, the process lives, other clients are answered, and the memory comes
// back.
func TestAttacks(t *testing.T) { //nolint:paralleltest // it measures memory and goroutines
	h := newHost(t, Options{Logger: quiet}, nil)
	bystander := h.call(nameWebsocket, 3)
	before, goroutines := heap(), runtime.NumGoroutine()
	for _, version := range []int{3, 4} {
		for _, transport := range []string{nameWebsocket, namePolling} {
			for _, a := range hostile(t, "packets.txt") {
				c := h.call(transport, version)
				for frames := range slices.Chunk(a.frames, 500) {
					if c.send(frames...) != nil {
						break
					}
				}
				isServed(t, bystander, a.name)
				c.close()
			}
		}
	}
	for _, a := range hostile(t, "payloads.txt") {
		version := 3
		if strings.HasPrefix(a.name, "v4") {
			version = 4
		}
		p := h.call(namePolling, version).(*pollCaller)
		for _, f := range a.frames {
			kind := "text/plain;charset=UTF-8"
			if f.binary {
				kind = "application/octet-stream"
			}
			if _, err := p.do("POST", f.data, kind); err != nil {
				break
			}
		}
		isServed(t, bystander, a.name)
		p.close()
	}
	eventually(t, "only the bystander is connected", func() bool { return h.wire.Len() == 1 && h.server.Count() == 1 })
	eventually(t, "no goroutine is left over", func() bool {
		h.web.Client().CloseIdleConnections()
		return runtime.NumGoroutine() <= goroutines+2
	})
	if grown := int64(heap()) - int64(before); grown > 20<<20 {
		t.Errorf("the heap has grown by %d MB", grown>>20)
	}
}

func isServed(t *testing.T, c caller, after string) {
	t.Helper()
	if err := c.send(frame{data: []byte(`427["echo","still there"]`)}); err != nil {
		t.Fatalf("after %s: %v", after, err)
	}
	text, err := c.read()
	if err != nil || text != `437["still there"]` {
		t.Fatalf("after %s: got %q, %v", after, text, err)
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
