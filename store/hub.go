package store

import "sync"

// hub passes notes on within the process, to every Store on one backend. The
// zero value is ready to use.
type hub struct {
	mu    sync.RWMutex
	lines map[*hubLine]struct{}
}

// hubLine hears of the ids that it has joined, in the goroutine of the writer.
type hubLine struct {
	hub  *hub
	hear func(Note)

	mu  sync.RWMutex
	ids map[string]struct{}
}

// Listen implements [Teller].
func (h *hub) Listen(hear func(Note)) Line {
	line := &hubLine{hub: h, hear: hear, ids: make(map[string]struct{})}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lines == nil {
		h.lines = make(map[*hubLine]struct{})
	}
	h.lines[line] = struct{}{}
	return line
}

// tell calls hear without a lock: whoever hears may be about to join.
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

// heard tells whether any line but one hears of an id.
func (h *hub) heard(id string, but Line) bool {
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

// Join implements [Line]. Here it is complete at once.
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

// Close implements [Line].
func (l *hubLine) Close() {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	delete(l.hub.lines, l)
}
