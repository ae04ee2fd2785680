package plugin_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/internal/rawclient"
	"github.com/socketio-sessions/socketio-sessions/store"
)

var errDown = errors.New("secret: the store is down")

// spy is a backend in memory that counts, records and fails on demand.
type spy struct {
	store.Memory

	mu       sync.Mutex
	down     error
	calls    map[string]int
	expiries []time.Time      // of each Swap and Touch that succeeded
	before   func(op string)  // may block
	found    func(key string) // after a Find has read, before it returns
}

func newSpy() *spy { return &spy{calls: make(map[string]int)} }

func (s *spy) note(op string) error {
	s.mu.Lock()
	s.calls[op]++
	down, before := s.down, s.before
	s.mu.Unlock()
	if before != nil {
		before(op)
	}
	return down
}

// fail makes every call fail from now on, nil heals.
func (s *spy) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = err
}

// hook sets what runs before each call.
func (s *spy) hook(before func(op string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = before
}

func (s *spy) count(op string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[op]
}

func (s *spy) lastExpiry() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.expiries) == 0 {
		return time.Time{}
	}
	return s.expiries[len(s.expiries)-1]
}

func (s *spy) expires(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expiries = append(s.expiries, at)
}

// sessions is how many sessions the store holds.
func (s *spy) sessions() int {
	all, _ := s.All(context.Background())
	return len(all)
}

func (s *spy) Find(ctx context.Context, key string) ([]byte, time.Time, bool, error) {
	if err := s.note("find"); err != nil {
		return nil, time.Time{}, false, err
	}
	b, expiry, ok, err := s.Memory.Find(ctx, key)
	s.mu.Lock()
	found := s.found
	s.mu.Unlock()
	if found != nil {
		found(key)
	}
	return b, expiry, ok, err
}

func (s *spy) Swap(ctx context.Context, key string, change store.Change) ([]byte, bool, error) {
	if err := s.note("swap"); err != nil {
		return nil, false, err
	}
	current, ok, err := s.Memory.Swap(ctx, key, change)
	if ok {
		s.expires(change.Life.Expiry)
	}
	return current, ok, err
}

func (s *spy) Touch(ctx context.Context, key string, life store.Life) (bool, error) {
	if err := s.note("touch"); err != nil {
		return false, err
	}
	s.expires(life.Expiry)
	return s.Memory.Touch(ctx, key, life)
}

func (s *spy) Delete(ctx context.Context, key string, note store.Note) ([]byte, error) {
	if err := s.note("delete"); err != nil {
		return nil, err
	}
	return s.Memory.Delete(ctx, key, note)
}

// ledger notes what the handlers of a namespace see.
type ledger struct {
	entered atomic.Int32 // OnConnect handlers that have run, of tell

	mu   sync.Mutex
	seen []string
}

func (l *ledger) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen = append(l.seen, line)
}

func (l *ledger) all() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.seen, " ")
}

func (l *ledger) count(line string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, seen := range l.seen {
		if seen == line {
			n++
		}
	}
	return n
}

// watch notes every connect, disconnect and refusal of a namespace.
func (l *ledger) watch(a *app, namespace string) {
	a.sessions.OnConnect(namespace, func(socketio.Conn, *plugin.Session) error {
		l.add("+" + namespace)
		return nil
	})
	a.sessions.OnDisconnect(namespace, func(socketio.Conn, *plugin.Session, string) { l.add("-" + namespace) })
	a.sessions.OnInvalid(namespace, func(_ socketio.Conn, why *plugin.Refusal) { l.add("!" + namespace + ":" + why.Code) })
}

// survives runs a test in a process of its own, which must not die of it.
func survives(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	const marker = "SESSIONS_TEST_CHILD"
	if os.Getenv(marker) != "" {
		test(t)
		return
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+strings.ReplaceAll(t.Name(), "/", "$/^")+"$", "-test.count=1")
	child.Env = append(os.Environ(), marker+"=1")
	if out, err := child.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%.1500s", err, out)
	}
}

// recv waits for a value.
func recv[T any](t *testing.T, what string, c <-chan T) T {
	t.Helper()
	return rawclient.Recv(t, what, c)
}
