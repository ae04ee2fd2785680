package wire

import (
	"time"

	"github.com/gorilla/websocket"
)

// A sender has what waits to be sent to a client, and the way there: a websocket,
// or the GET that waits. It never waits itself. It is guarded by its connection's
// mu.
type sender struct {
	shared  *shared
	version int
	life    *lifecycle
	end     terminator

	queue  outbox
	ws     *websocket.Conn // nil while the client polls
	stream *stream         // under ws
	parted bool            // it has said goodbye
	poll   *poll           // the GET that waits
	probe  probe           // of a websocket, while the client polls
}

// send queues the frames of one packet. A client for whom too much waits is
// dropped.
func (s *sender) send(parcels ...parcel) {
	if s.life.ending {
		s.shared.pool.drop(parcels)
		return
	}
	for _, p := range parcels {
		s.queue.push(p)
	}
	if s.queue.size > s.shared.options.MaxQueueBytes {
		s.end.violateLocked(errSlow)
		return
	}
	s.trySend()
}

// sendText queues a text frame of our own.
func (s *sender) sendText(text string) {
	s.send(parcel{buffer: s.shared.pool.text(text)})
}

// trySend sees to it that what is queued is sent, and that a connection that is to
// end does so.
func (s *sender) trySend() {
	switch {
	case !s.life.established.Load() && s.life.reason == "": // OPEN waits for go-socket.io
	case s.ws != nil:
		s.drain()
	default:
		s.poll.signal()
	}
}

// use makes ws the wire.
func (s *sender) use(ws *websocket.Conn) {
	s.ws, s.stream = ws, ws.NetConn().(*stream)
}

// move ends a probe: its websocket is the wire from now on.
func (s *sender) move(ws *websocket.Conn) {
	s.use(ws)
	s.probe.candidate, s.probe.running, s.probe.answered = nil, false, false
	s.poll.signal()
	s.trySend()
}

// drain sends what is queued over the websocket, for as long as the client takes
// it, and closes a connection that is to end.
func (s *sender) drain() {
	for !s.stream.behind() {
		p, ok := s.queue.pop()
		if !ok {
			if s.life.ending && !s.parted {
				s.sayGoodbye()
			}
			return
		}
		err := s.transmit(p)
		s.shared.pool.release(p.buffer)
		if err != nil {
			s.parted = true
			s.end.breakLocked()
			return
		}
	}
}

// transmit writes one frame to the websocket.
func (s *sender) transmit(p parcel) error {
	switch {
	case !p.binary:
		return s.ws.WriteMessage(websocket.TextMessage, p.buffer.bytes)
	case s.version == 3:
		return s.ws.WriteMessage(websocket.BinaryMessage, p.buffer.bytes)
	default:
		return s.ws.WriteMessage(websocket.BinaryMessage, p.buffer.binary())
	}
}

// closeGrace is how long a client has to answer our close frame. To close at once
// would meet its answer with a reset, which can cost it the last frames.
const closeGrace = time.Second

// sayGoodbye ends a websocket: pump disposes of the connection when the client has
// answered.
func (s *sender) sayGoodbye() {
	s.parted = true
	message := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	if s.ws.WriteControl(websocket.CloseMessage, message, time.Now().Add(closeGrace)) != nil {
		s.end.endInLocked(0)
		return
	}
	s.end.endInLocked(closeGrace)
}

// park returns a poll for a GET, which waits from now on. An earlier one ends:
// its client has given it up.
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

// unpark tells whether p is still the GET that waits, and ends that.
func (s *sender) unpark(p *poll) bool {
	if s.poll != p {
		return false
	}
	s.poll = nil
	return true
}

// freePolls lets the GET that waits end, and those that come before the client
// has heard of the probe.
func (s *sender) freePolls() {
	s.probe.answered = true
	if s.poll != nil {
		s.probe.shorten(s.poll, &s.life.mu)
	}
}

// collect returns the answer to a GET, nil while there is none; end says that
// it is the last.
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
		// By itself: some clients handle it before the packets of its payload.
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

// pack takes frames out of the queue, of about one message's size.
func (s *sender) pack() (body []byte) {
	for len(body) < s.shared.options.MaxMessageBytes {
		p, ok := s.queue.pop()
		if !ok {
			break
		}
		body = appendPayload(body, s.version, p.frame())
		s.shared.pool.release(p.buffer)
	}
	return body
}

// abandon drops what is queued, ends the GET that waits, and returns the
// websockets, which are to be closed without mu.
func (s *sender) abandon() [2]*websocket.Conn {
	s.queue.clear(&s.shared.pool)
	s.poll.signal()
	return [2]*websocket.Conn{s.ws, s.probe.candidate}
}
