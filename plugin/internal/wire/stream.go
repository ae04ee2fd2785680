package wire

import (
	"bufio"
	"net"
	"net/http"
	"sync"
	"time"
)

// A stream is the network connection under a websocket. To write to it takes no
// time: what the network does not take at once is kept, and sent by a goroutine,
// which ends when all is sent. So a write needs no goroutine of its own; but
// where it cannot be tried it does: under TLS or another wrapper, and on systems
// that are no Unix.
type stream struct {
	net.Conn
	user    streamUser
	options *Options

	mu      sync.Mutex
	writer  tryWriter
	rest    []byte // what waits
	sending bool   // a goroutine sends; true for good once that has failed
}

// A streamUser is what a stream serves.
type streamUser interface {
	resume(s *stream) // what waited is sent
	fail(s *stream)   // it is broken
}

// ahead is how much may be written behind what a goroutine sends: it goes
// together then.
const ahead = 16 << 10

// hijacker lets a websocket be made on a stream.
type hijacker struct {
	http.ResponseWriter
	user    streamUser
	options *Options
}

// Hijack implements http.Hijacker.
func (h hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	under, buffers, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	return newStream(under, h.user, h.options), buffers, nil
}

func newStream(under net.Conn, user streamUser, options *Options) *stream {
	s := &stream{Conn: under, user: user, options: options}
	s.writer.prepare(under)
	return s
}

// SetWriteDeadline does nothing: writes do not wait, and send has a deadline of
// its own.
func (*stream) SetWriteDeadline(time.Time) error { return nil }

// Write sends p, or keeps what has to wait.
func (s *stream) Write(p []byte) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.sending {
		if n, err = s.writer.write(p); err != nil {
			return n, err
		}
	}
	if n == len(p) {
		return n, nil
	}
	if len(s.rest) > s.options.MaxQueueBytes {
		return n, errSlow // of answers to its pings
	}
	s.rest = append(s.rest, p[n:]...)
	if !s.sending {
		s.sending = true
		go s.send() // ends when all is sent
	}
	return len(p), nil
}

// behind tells whether so much waits that the next frame should, too.
func (s *stream) behind() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sending && len(s.rest) >= ahead
}

// send sends what waits: each time, the client has the ping timeout to take it.
func (s *stream) send() {
	for {
		s.mu.Lock()
		rest := s.rest
		s.rest = nil
		if len(rest) == 0 {
			_ = s.Conn.SetWriteDeadline(time.Time{})
			s.sending = false
		}
		s.mu.Unlock()
		if len(rest) == 0 {
			s.user.resume(s)
			return
		}
		_ = s.Conn.SetWriteDeadline(time.Now().Add(s.options.PingTimeout))
		if _, err := s.Conn.Write(rest); err != nil {
			s.user.fail(s)
			return
		}
	}
}
