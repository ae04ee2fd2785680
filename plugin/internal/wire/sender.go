package wire

import (
	"time"

	"github.com/gorilla/websocket"
)

// A sender holds the outgoing queue of a client, and sends it over the websocket or
// as the answer to the waiting GET. It never waits. The connection's mu guards it.
type sender struct {
	shared  *shared
	version int
	life    *lifecycle
	end     terminator

	queue     outbox
	ws        *websocket.Conn // nil while the client polls
	stream    *stream         // under ws
	parted    bool            // ws was sent a close frame, or is broken
	polled    bool            // there was a GET after the handshake
	since     time.Time       // when the client has last taken something; zero if nothing waits
	lazy      bool            // send may put off what it sends
	due       bool            // that was put off
	answering int             // bytes of an answer to a GET that are being written
	room      chan struct{}   // closed when half of the queue is free; nil while nobody waits
	poll      *poll           // the GET that waits
	probe     probe           // the upgrade under way, if any
}

// send queues the frames of one packet. It ends the connection if too much waits; one of
// the packets may be larger than that.
func (s *sender) send(parcels ...parcel) {
	if s.life.ending {
		s.shared.pool.drop(parcels)
		return
	}
	before := s.queue.size
	for _, p := range parcels {
		s.queue.push(p)
	}
	options := &s.shared.options
	if s.queue.small() > options.MaxQueueBytes && !s.queue.admit(before, s.waits(), options) {
		s.end.violateLocked(errSlow)
		return
	}
	if s.lazy && s.ws != nil && s.queue.size < putOff {
		if !s.due {
			s.due = true
			s.end.putOffLocked()
		}
		return
	}
	s.sendNow()
}

// sendNow is trySend, and notes since when the client has fallen behind.
func (s *sender) sendNow() {
	s.trySend()
	s.note(false)
}

// note keeps since right. took says that the client has just taken something.
func (s *sender) note(took bool) {
	switch {
	case s.waits() == 0:
		s.since = time.Time{}
	case took || s.since.IsZero():
		s.since = time.Now()
	}
}

// waits returns how many bytes wait to be sent, or are being sent.
func (s *sender) waits() int {
	if s.stream == nil {
		return s.queue.size + s.answering
	}
	return s.queue.size + s.answering + s.stream.waits()
}

// full reports whether more than half of MaxQueueBytes waits. If so, free closes when it
// does not any more, or when the connection ends.
func (s *sender) full() (free <-chan struct{}, full bool) {
	if s.life.reason != "" || s.waits() <= s.shared.options.MaxQueueBytes/2 {
		return nil, false
	}
	if s.room == nil {
		s.room = make(chan struct{})
	}
	return s.room, true
}

// makeRoom wakes those that wait for it, if there is some.
func (s *sender) makeRoom() {
	if s.room != nil && (s.life.reason != "" || s.waits() <= s.shared.options.MaxQueueBytes/2) {
		close(s.room)
		s.room = nil
	}
}

// sendText queues a text frame.
func (s *sender) sendText(text string) {
	s.send(parcel{buffer: s.shared.pool.text(text)})
}

// trySend sends as much of the queue as it can. When the queue of an ending
// connection is empty, it ends the websocket or the polling.
func (s *sender) trySend() {
	switch {
	case !s.life.established.Load() && s.life.reason == "": // OPEN must wait for go-socket.io
	case s.ws != nil:
		s.drain()
		s.makeRoom()
	default:
		s.poll.signal()
	}
}

// use makes the sender send over ws.
func (s *sender) use(ws *websocket.Conn) {
	s.ws, s.stream = ws, ws.NetConn().(*stream)
}

// move ends a successful probe: the sender sends over its websocket.
func (s *sender) move(ws *websocket.Conn) {
	s.use(ws)
	s.probe.candidate, s.probe.running, s.probe.answered = nil, false, false
	s.poll.signal()
	s.sendNow()
}

// drain sends the queue over the websocket until the stream falls behind. When the
// queue of an ending connection is empty, it closes the websocket.
func (s *sender) drain() {
	for !s.parted && !s.stream.behind() {
		if s.queue.parcels.len() == 0 {
			if s.life.ending {
				s.sayGoodbye()
			}
			return
		}
		if s.transmitSome() != nil {
			s.parted = true
			s.end.breakLocked()
			return
		}
	}
}

// closeGrace is how long a client has to answer our close frame. If we closed at
// once, its answer would meet a reset, and it could lose the last frames.
const closeGrace = time.Second

// sayGoodbye sends a close frame. When the client answers, pump ends the connection.
func (s *sender) sayGoodbye() {
	s.parted = true
	message := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	if s.ws.WriteControl(websocket.CloseMessage, message, time.Now().Add(closeGrace)) != nil {
		s.end.endInLocked(0)
		return
	}
	s.end.endInLocked(closeGrace)
}

// park makes a new GET the waiting one. An earlier GET ends: its client has given it
// up.
func (s *sender) park(last bool) *poll {
	p := &poll{wake: make(chan struct{}, 1), last: last}
	if s.poll != nil {
		s.poll.replaced = true
		s.poll.signal()
	}
	s.poll = p
	if s.probe.answered {
		s.probe.shorten(p, &s.life.mu)
	}
	return p
}

// unpark ends the wait of p, and reports whether p was still waiting.
func (s *sender) unpark(p *poll) bool {
	if s.poll != p {
		return false
	}
	s.poll = nil
	return true
}

// freePolls ends the waiting GET, and later ones, because the client waits for them
// before it upgrades.
func (s *sender) freePolls() {
	s.probe.answered = true
	if s.poll != nil {
		s.probe.shorten(s.poll, &s.life.mu)
	}
}

// collect returns the answer to a GET, nil while there is none. end says that it is
// the last one.
func (s *sender) collect(p *poll) (body []byte, end bool) {
	switch {
	case p.replaced:
		return s.noop(), false
	case s.ws != nil:
		body = s.noop()
	case s.life.reason == "" && (p.last || !s.life.established.Load()):
		return nil, false
	default:
		body = s.pack()
	}
	switch {
	case body != nil:
	case s.life.ending:
		// Alone: some clients handle it before other packets of the payload.
		body, end = appendPayload(nil, s.version, frame{data: []byte("1")}), true
	case p.noop:
		body = s.noop()
	default:
		return nil, false
	}
	s.poll = nil
	return body, end
}

func (s *sender) noop() []byte { return appendPayload(nil, s.version, frame{data: []byte("6")}) }

// pack takes frames from the queue, up to about the size of one message.
func (s *sender) pack() (body []byte) {
	for len(body) < s.shared.options.MaxMessageBytes {
		p, ok := s.queue.pop()
		if !ok {
			break
		}
		body = appendPayload(body, s.version, p.frame())
		s.shared.pool.release(p.buffer)
	}
	s.note(true)
	s.makeRoom()
	return body
}

// abandon drops the queue, wakes the waiting GET, and returns the websockets, which
// the caller closes without mu.
func (s *sender) abandon() [2]*websocket.Conn {
	s.queue.clear(&s.shared.pool)
	s.poll.signal()
	return [2]*websocket.Conn{s.ws, s.probe.candidate}
}
