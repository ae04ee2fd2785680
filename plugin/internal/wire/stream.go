package wire

import (
	"bufio"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// A stream is the network connection under a websocket. Its writes never wait. It
// keeps what the kernel does not take at once; a goroutine sends that, and ends.
// Under TLS or another wrapper, and on systems other than Unix, the goroutine sends
// everything. A stream has a lock of its own.
type stream struct {
	net.Conn
	user   streamUser
	shared *shared

	mu      sync.Mutex
	writer  tryWriter
	rest    []byte  // waits to be sent
	pooled  *buffer // of rest, while corked
	writing int     // of what has waited, the goroutine sends so many bytes now
	corked  bool    // rest grows until uncork
	sending bool    // a goroutine sends
	broken  bool    // that has failed
	parts   bool    // gorilla may write a frame in parts
	closed  bool    // a close frame was written, after which no other may follow (RFC 6455, section 5.5.1)
}

// A streamUser hears what becomes of a stream. The stream calls it without its lock.
type streamUser interface {
	progress(s *stream) // the kernel has taken something
	resume(s *stream)   // the stream has caught up
	fail(s *stream)     // a write has failed
}

// ahead is how many bytes may wait while the goroutine sends. It then sends them
// together.
const ahead = 16 << 10

// A hijacker makes gorilla build its websocket on a stream.
type hijacker struct {
	http.ResponseWriter
	user   streamUser
	shared *shared
}

// Hijack implements http.Hijacker.
func (h hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	under, buffers, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	return newStream(under, h.user, h.shared), buffers, nil
}

func newStream(under net.Conn, user streamUser, shared *shared) *stream {
	s := &stream{Conn: under, user: user, shared: shared}
	s.writer.prepare(under)
	return s
}

// SetWriteDeadline does nothing. Writes never wait, and send sets its own deadline.
func (*stream) SetWriteDeadline(time.Time) error { return nil }

// Write sends p, and keeps what the kernel does not take.
func (s *stream) Write(p []byte) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken || s.closed {
		return 0, net.ErrClosed
	}
	s.closed = !s.parts && isCloseFrame(p)
	if s.corked {
		s.rest = append(s.rest, p...)
		s.shared.waiting.add(len(p))
		return len(p), nil
	}
	if !s.sending {
		if n, err = s.writer.write(p); err != nil {
			s.broken = true
			return n, err
		}
	}
	if n == len(p) {
		return n, nil
	}
	if len(s.rest) > s.shared.options.MaxWaitingBytes/4 {
		return n, errSlow // the answers to its websocket pings wait
	}
	s.rest = append(s.rest, p[n:]...)
	s.shared.waiting.add(len(p) - n)
	if !s.sending {
		s.sending = true
		go s.send() // ends when all is sent
	}
	return len(p), nil
}

// isCloseFrame reports whether p is one. gorilla writes it also when it answers one, and
// before it returns an error of its own.
func isCloseFrame(p []byte) bool {
	const final = 1 << 7
	return len(p) > 1 && p[0] == final|websocket.CloseMessage && int(p[1]) == len(p)-2
}

// setParts says whether what is written may be a part of a frame.
func (s *stream) setParts(parts bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parts = parts
}

// cork gathers what is written until uncork, which sends it with one call of the kernel.
func (s *stream) cork() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.corked = true
	if s.rest == nil {
		s.pooled = s.shared.pool.buffer()
		s.rest = s.pooled.bytes
	}
}

// uncork sends what was gathered.
func (s *stream) uncork() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.corked = false
	if s.sending {
		return nil
	}
	n, err := s.writer.write(s.rest)
	if err != nil {
		s.shared.waiting.add(-len(s.rest))
		s.rest, s.pooled, s.broken = nil, nil, true
		return err
	}
	s.shared.waiting.add(-n)
	if n == len(s.rest) {
		s.pooled.bytes = s.rest
		s.shared.pool.release(s.pooled)
		s.rest, s.pooled = nil, nil
		return nil
	}
	s.pooled = nil
	s.rest = s.rest[n:]
	s.sending = true
	go s.send() // ends when all is sent
	return nil
}

// behind reports whether the next frame should wait in the queue.
func (s *stream) behind() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return (s.sending || s.corked) && len(s.rest) >= ahead
}

// waits returns how many bytes the kernel has not taken.
func (s *stream) waits() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.rest) + s.writing
}

// send sends what waits. The client has PingTimeout for each write.
func (s *stream) send() {
	for {
		s.mu.Lock()
		rest := s.rest
		s.rest, s.writing = nil, len(rest)
		if len(rest) == 0 {
			_ = s.Conn.SetWriteDeadline(time.Time{})
			s.sending = false
		}
		s.mu.Unlock()
		if len(rest) == 0 {
			s.user.resume(s)
			return
		}
		if !s.sendAll(rest) {
			s.user.fail(s)
			return
		}
	}
}

// piece is how much is sent at once, so that a client that takes much shows that it does.
const piece = 32 << 10

// sendAll sends bytes, and forgets all that waits when that fails.
func (s *stream) sendAll(rest []byte) bool {
	for len(rest) > 0 {
		next := rest[:min(len(rest), piece)]
		_ = s.Conn.SetWriteDeadline(time.Now().Add(s.shared.options.PingTimeout))
		_, err := s.Conn.Write(next)
		s.wrote(len(next), err)
		if err != nil {
			return false
		}
		s.user.progress(s)
		rest = rest[len(next):]
	}
	return true
}

// wrote notes that the kernel has taken n bytes, or that the write has failed.
func (s *stream) wrote(n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writing -= n
	if err != nil {
		n += len(s.rest) + s.writing
		s.rest, s.writing, s.broken = nil, 0, true
	}
	s.shared.waiting.add(-n)
}
