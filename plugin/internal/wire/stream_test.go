package wire

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// ends returns both ends of a network connection.
func ends(t *testing.T, network string) (ours, theirs net.Conn) {
	t.Helper()
	address := "127.0.0.1:0"
	if network == "unix" {
		address = t.TempDir() + "/socket"
	}
	listener, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if theirs, err = net.Dial(network, listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if ours, err = listener.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	return ours, theirs
}

// streamOn returns the stream of a new connection.
func streamOn(under net.Conn, options Options) *stream {
	c := newConn(&New(options).shared, httptest.NewRequest("GET", "/", nil), 3)
	c.start(time.Now())
	c.out.stream = newStream(under, c, c.shared)
	return c.out.stream
}

// busy reports whether the goroutine sends.
func (s *stream) busy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sending
}

// under returns pairs of connections, of each kind that a stream may use.
func under(t *testing.T) map[string][2]net.Conn {
	t.Helper()
	all := make(map[string][2]net.Conn)
	for _, network := range []string{"tcp", "unix"} {
		ours, theirs := ends(t, network)
		all[network] = [2]net.Conn{ours, theirs}
	}
	ours, theirs := net.Pipe()
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	all["pipe"] = [2]net.Conn{ours, theirs}
	web := httptest.NewUnstartedServer(nil)
	web.StartTLS()
	defer web.Close()
	ours, theirs = ends(t, "tcp")
	server := tls.Server(ours, web.TLS)
	client := tls.Client(theirs, &tls.Config{InsecureSkipVerify: true})
	go func() { _ = client.Handshake() }() // ends with the other
	if err := server.Handshake(); err != nil {
		t.Fatal(err)
	}
	all["tls"] = [2]net.Conn{server, client}
	return all
}

// A stream takes everything at once, over any kind of connection, and sends it in
// order when the other end reads.
func TestStreamKeepsOrder(t *testing.T) {
	t.Parallel()
	const writes, size = 2000, 10_000
	for name, ends := range under(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := streamOn(ends[0], Options{MaxQueueBytes: 2 * writes * size})
			block := make([]byte, size)
			for i := range writes {
				binary.BigEndian.PutUint32(block, uint32(i))
				if n, err := s.Write(block); n != size || err != nil {
					t.Fatalf("write %d: %d, %v", i, n, err)
				}
			}
			if !s.behind() {
				t.Error("nobody has read, and nothing waits")
			}
			for i := range writes {
				if _, err := io.ReadFull(ends[1], block); err != nil {
					t.Fatalf("read %d: %v", i, err)
				}
				if got := binary.BigEndian.Uint32(block); got != uint32(i) {
					t.Fatalf("block %d came as %d", got, i)
				}
			}
			eventually(t, "nothing waits", func() bool { return !s.busy() })
		})
	}
}

// Writes that the kernel takes at once need no goroutine.
func TestStreamNeedsNoGoroutine(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "plan9" {
		return // it does there
	}
	ours, theirs := ends(t, "tcp")
	s := streamOn(ours, Options{})
	hello, got := []byte("hello"), make([]byte, 5)
	for range 1000 {
		if _, err := s.Write(hello); err != nil {
			t.Fatal(err)
		}
		if s.busy() {
			t.Fatal("a goroutine sends")
		}
		if _, err := io.ReadFull(theirs, got); err != nil || !bytes.Equal(got, hello) {
			t.Fatalf("%q, %v", got, err)
		}
	}
	if allocs := testing.AllocsPerRun(100, func() { _, _ = s.Write(hello) }); allocs > 0 {
		t.Errorf("a write allocates %v times", allocs)
	}
}

// A stream fails when the client has gone, and when it takes nothing for
// PingTimeout.
func TestStreamFails(t *testing.T) {
	t.Parallel()
	for name, ends := range under(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := streamOn(ends[0], Options{PingTimeout: 50 * time.Millisecond, MaxQueueBytes: 1 << 20})
			for s.user.(*Conn).Reason() == "" {
				if _, err := s.Write(make([]byte, 1000)); err != nil && !errors.Is(err, errSlow) && !errors.Is(err, net.ErrClosed) {
					t.Fatal(err)
				}
			}
			<-s.user.(*Conn).Done()
			if reason := s.user.(*Conn).Reason(); reason != ReasonError {
				t.Errorf("it ended for %q", reason)
			}
			if !s.busy() {
				t.Error("a stream that has failed is tried again")
			}
		})
	}
	t.Run("gone", func(t *testing.T) {
		t.Parallel()
		ours, theirs := ends(t, "tcp")
		theirs.Close()
		s := streamOn(ours, Options{})
		eventually(t, "a write fails", func() bool {
			_, err := s.Write([]byte("hello"))
			return err != nil
		})
	})
}

// A client that does not read the answers to its websocket pings is dropped.
func TestPingsUnread(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, version int) {
		h := newHost(t, Options{PingTimeout: time.Second, MaxMessageBytes: 1 << 16, MaxQueueBytes: 1 << 16, Logger: quiet}, narrow)
		floods := h.stalled(version)
		conn := h.conn(floods)
		ping := bytes.Repeat([]byte{'x'}, 125)
		go func() { // ends with the connection: the network may hold it up
			for floods.WS.WriteControl(websocket.PingMessage, ping, time.Now().Add(patience)) == nil {
			}
		}()
		<-conn.Done()
	})
}
