package store

import "sync"

// A hub passes notes on to every Store on one backend in this process. It has its
// own lock, and its zero value is ready to use.
type hub struct {
	mu    sync.RWMutex
	lines map[*hubLine]struct{}
}

// A hubLine hears of the ids that it has joined, in the goroutine of the sender. It
// has its own lock, which may be taken under hub.mu.
type hubLine struct {
	hub  *hub
	hear func(Note)

	mu  sync.RWMutex
	ids map[string]struct{}
}

// listen returns a line that calls hear.
func (h *hub) listen(hear func(Note)) Line {
	line := &hubLine{hub: h, hear: hear, ids: make(map[string]struct{})}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lines == nil {
		h.lines = make(map[*hubLine]struct{})
	}
	h.lines[line] = struct{}{}
	return line
}

// tell passes a note on. It holds no lock while it calls hear, since hear may join
// or leave.
func (h *hub) tell(note Note) {
	if note.Event.ID == "" {
		return
	}
	var few [4]*hubLine
	joined := few[:0]
	h.mu.RLock()
	for line := range h.lines {
		if line.joined(note.Event.ID) {
			joined = append(joined, line)
		}
	}
	h.mu.RUnlock()
	for _, line := range joined {
		line.hear(note)
	}
}

// joined reports whether any line other than but has joined an id.
func (h *hub) joined(id string, but Line) bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for line := range h.lines {
		if line != but && line.joined(id) {
			return true
		}
	}
	return false
}

func (l *hubLine) joined(id string) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	_, ok := l.ids[id]
	return ok
}

// Join implements [Line]. It has joined when it returns.
func (l *hubLine) Join(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ids[id] = struct{}{}
}

// Leave implements [Line].
func (l *hubLine) Leave(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.ids, id)
}

// Hears implements [Line].
func (*hubLine) Hears() bool { return true }

// Close implements [Line].
func (l *hubLine) Close() {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	delete(l.hub.lines, l)
}
