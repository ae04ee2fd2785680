package wire

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	socketio "github.com/googollee/go-socket.io"
)

// A mover is a client that upgrades while both sides send.
type mover struct {
	*host
	poll caller

	mu  sync.Mutex // held while a packet is sent
	out caller

	paused  atomic.Bool
	brought atomic.Int32 // by GETs
	got     chan string
}

// polls reads with GETs until it is told to pause.
func (m *mover) polls() {
	for !m.paused.Load() {
		frames, err := m.poll.Poll()
		if err != nil {
			m.Errorf("GET: %v", err)
			return
		}
		m.brought.Add(int32(len(frames)))
		for _, f := range frames {
			m.got <- f.String()
		}
	}
}

// sends sends numbered events that ask for an acknowledgement.
func (m *mover) sends(many int) {
	for n := range many {
		m.mu.Lock()
		err := m.out.Try(fmt.Sprintf(`42%d["number",%d]`, n, n))
		m.mu.Unlock()
		if err != nil {
			m.Errorf("event %d: %v", n, err)
			return
		}
	}
}

// check reads until it has a number of acknowledgements and of news.
func (m *mover) check(many int) {
	acks, news := 0, 0
	for acks < many || news < many {
		switch packet := <-m.got; {
		case packet == "":
			m.Errorf("the end after %d acknowledgements and %d news", acks, news)
			return
		case packet == fmt.Sprintf(`43%d[%d]`, acks, acks):
			acks++
		case packet == fmt.Sprintf(`42["news",%d]`, news):
			news++
		case strings.ContainsAny(packet[:1], "236"): // heartbeats and noops
		default:
			m.Errorf("got %q after %d acknowledgements and %d news", packet, acks, news)
			return
		}
	}
}

// An upgrade loses, duplicates and reorders nothing, while both sides send.
func TestUpgradeUnderTraffic(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, version int) {
		const clients, many = 20, 200
		h := newHost(t, Options{}, func(h *host) {
			h.server.OnEvent("/", "go", func(c socketio.Conn) {
				go func() {
					for n := range many {
						c.Emit("news", n)
					}
				}()
			})
		})
		var all sync.WaitGroup
		for n := range clients {
			p := h.call(namePolling, version)
			m := &mover{host: h, poll: p, out: p, got: make(chan string, 2*many)}
			all.Go(func() { m.move(5*n, many) })
		}
		all.Wait()
	})
}

// move upgrades after some packets. The client's GET and POST have ended when it
// sends "5".
func (m *mover) move(some, many int) {
	m.say(m.poll, `42["go"]`)
	var polling, sending sync.WaitGroup
	polling.Go(m.polls)
	sending.Go(func() { m.sends(many) })
	checked := make(chan struct{})
	go func() { defer close(checked); m.check(many) }()
	eventually(m, "some packets have come", func() bool { return int(m.brought.Load()) >= some })
	ws := m.probe(m.poll)
	m.paused.Store(true)
	polling.Wait()
	m.mu.Lock()
	err := ws.Try("5")
	m.out = ws
	m.mu.Unlock()
	if err != nil {
		m.Error(err)
	}
	go func() {
		defer close(m.got)
		for {
			f, err := ws.Next()
			if err != nil {
				return
			}
			m.got <- f.String()
		}
	}()
	<-checked
	sending.Wait()
	if _, err := m.poll.Poll(); err == nil {
		m.Error("it may still poll")
	}
	ws.HangUp()
}
