package store

import (
	"encoding/json"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"weak"
)

// There is room for 16 MiB, bookkeeping included: however small each is, there is a bound.
// Room that was left is used again.
func TestSayingsBound(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 1000, MaxNoteBytes} {
		data := json.RawMessage(strings.Repeat("1", size))
		s := newSayings()
		fill := func() (n int) {
			for s.add(data) {
				if n++; n > maxSaid/200 {
					t.Fatalf("%d of %d bytes found room", n, size)
				}
			}
			return n
		}
		first := fill()
		if want := maxSaid * 9 / 10 / (size + 256); first < want {
			t.Errorf("only %d of %d bytes found room, want %d", first, size, want)
		}
		for range first {
			if got, ok := s.next(); !ok || len(got) != size {
				t.Fatalf("%d bytes came out, ok %v", len(got), ok)
			}
		}
		if again := fill(); again != first {
			t.Errorf("%d found room at first, %d later", first, again)
		}
	}
}

// What was taken out is not kept, however many have waited at once before.
func TestSayingsKeepNothing(t *testing.T) {
	t.Parallel()
	s := newSayings()
	for range 1000 {
		s.add(nil)
	}
	for range 1000 {
		_, _ = s.next()
	}
	var kept []weak.Pointer[byte]
	for range 100 {
		data := make(json.RawMessage, 100<<10)
		kept = append(kept, weak.Make(&data[0]))
		s.add(data)
		s.add(nil)
		_, _ = s.next()
	}
	for range 100 {
		_, _ = s.next()
	}
	runtime.GC()
	alive := 0
	for _, pointer := range kept {
		if pointer.Value() != nil {
			alive++
		}
	}
	if alive > 0 {
		t.Errorf("%d of %d are kept", alive, len(kept))
	}
	runtime.KeepAlive(s)
}

// A Listener that does not keep up loses what is too much. That is logged once, and holds
// up no other.
func TestSlowListener(t *testing.T) {
	t.Parallel()
	log := &strings.Builder{}
	c := &Core{talk: talk{problems: &problems{log: slog.New(slog.NewTextHandler(log, nil))}}}
	held, calls, heard := make(chan bool), make(chan bool, 1000), make(chan bool, 1000)
	slow := c.Listen(func(json.RawMessage) { calls <- true; <-held })
	quick := c.Listen(func(json.RawMessage) { heard <- true })
	defer quick.Close()
	topic, data := ID("topic"), json.RawMessage(strings.Repeat("1", MaxNoteBytes-noteMargin))
	slow.Join(topic)
	quick.Join(topic)
	const times = 4 * maxSaid / MaxNoteBytes
	for range times {
		_ = c.Say(t.Context(), nil, topic, data)
		<-heard
	}
	if lines := strings.Count(log.String(), "\n"); lines != 1 || !strings.Contains(log.String(), "too slow") {
		t.Errorf("%d lines are logged:\n%s", lines, log)
	}
	close(held)
	for range maxSaid / MaxNoteBytes {
		<-calls
	}
	slow.Close()
	slow.Close()
	_ = c.Say(t.Context(), nil, topic, data)
	<-heard
	if slow.Join(topic) {
		t.Error("it joins after Close")
	}
}
