package live_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/live"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// The tests of this package play on a clock of their own: the times of a session's
// life are right to the moment.

// backend counts, and fails on demand.
type backend struct {
	*store.Memory
	down    atomic.Bool
	touches atomic.Int32
	finds   atomic.Int32
	keeps   atomic.Int32 // swaps that say that the session's life stays as it is

	pulse    *atomic.Int64 // when it last showed that it is there, in Unix nanoseconds; nil if it never does
	deleting func()        // what happens while a session is deleted; may be nil
	swapping func()        // what happens while one is saved; may be nil
}

// Listen implements [store.Teller].
func (b *backend) Listen(hear func(store.Note)) store.Line {
	line := b.Memory.Listen(hear)
	if b.pulse == nil {
		return line
	}
	return pulsing{line, b}
}

// pulsing is a line that has a pulse for as long as its backend is there.
type pulsing struct {
	store.Line
	*backend
}

// Heard implements [store.Pulse].
func (p pulsing) Heard() time.Time {
	if !p.down.Load() {
		p.pulse.Store(time.Now().UnixNano())
	}
	return time.Unix(0, p.pulse.Load())
}

var errDown = errors.New("the store is down")

func (b *backend) Swap(ctx context.Context, key string, change store.Change) ([]byte, bool, error) {
	if b.down.Load() {
		return nil, false, errDown
	}
	if b.swapping != nil {
		b.swapping()
	}
	if change.Keeps {
		b.keeps.Add(1)
		if _, expiry, ok, _ := b.Memory.Find(ctx, key); ok && change.Life.After(expiry).Sub(expiry) > time.Second {
			panic("the swap of a session that " + expiry.String() + " ends does not keep its life")
		}
	}
	return b.Memory.Swap(ctx, key, change)
}

func (b *backend) Find(ctx context.Context, key string) ([]byte, time.Time, bool, error) {
	b.finds.Add(1)
	if b.down.Load() {
		return nil, time.Time{}, false, errDown
	}
	return b.Memory.Find(ctx, key)
}

func (b *backend) Touch(ctx context.Context, key string, life store.Life) (bool, error) {
	b.touches.Add(1)
	if b.down.Load() {
		return false, errDown
	}
	return b.Memory.Touch(ctx, key, life)
}

func (b *backend) Delete(ctx context.Context, key string, note store.Note) ([]byte, error) {
	if b.deleting != nil {
		b.deleting()
	}
	return b.Memory.Delete(ctx, key, note)
}

func (b *backend) Probe(ctx context.Context, keys []string) ([][]byte, error) {
	if b.down.Load() {
		return nil, errDown
	}
	return b.Memory.Probe(ctx, keys)
}

// A node is a Book on a clock, and its host.
type node struct {
	*testing.T
	*live.Book
	manager    *scs.SessionManager
	config     live.Config
	backend    *backend
	perMessage bool // the scope of events
	failed     chan string
}

// defaults are those of plugin.Options.
func defaults() live.Config {
	return live.Config{
		FlushInterval: time.Second,
		ProbeInterval: 10 * time.Second,
		StoreGrace:    30 * time.Second,
	}
}

// onClock runs a test in a bubble with a node.
func onClock(t *testing.T, config live.Config, idle, lifetime time.Duration, test func(n *node)) {
	t.Helper()
	onBackend(t, &backend{Memory: store.NewMemory()}, config, idle, lifetime, test)
}

// onBackend is onClock with a backend.
func onBackend(t *testing.T, b *backend, config live.Config, idle, lifetime time.Duration, test func(n *node)) {
	t.Helper()
	manager := scs.New() // it starts a goroutine for ever, so outside
	manager.IdleTimeout, manager.Lifetime = idle, lifetime
	config.Manager = manager
	config.Store = store.Attach(manager, b, store.Options{}).Core()
	synctest.Test(t, func(t *testing.T) {
		n := &node{T: t, manager: manager, config: config, backend: b, failed: make(chan string, 1000)}
		n.Book = live.New(config, n)
		defer n.Close()
		test(n)
	})
}

// Ended implements [live.Host].
func (n *node) Ended(e *live.Entry, why *live.End) { n.sendOut(e, why.Kind) }

// away is what a member is told when the store has failed for too long.
const away store.Kind = "away"

// Away implements [live.Host].
func (n *node) Away(e *live.Entry) { n.sendOut(e, away) }

func (n *node) sendOut(e *live.Entry, why store.Kind) {
	for _, m := range e.Members() {
		m.(*member).over <- told{time.Now(), why}
		go m.(*member).leaves(e) // ends with the saving
	}
}

// Changed implements [live.Host].
func (n *node) Changed(*live.Entry, *store.Snapshot, *store.Snapshot, live.Member) {}

// Saved implements [live.Host].
func (n *node) Saved(*live.Entry, *store.Snapshot, *store.Snapshot) {}

// Failed implements [live.Host].
func (n *node) Failed(stage, _ string, _ error) {
	select {
	case n.failed <- stage:
	default:
	}
}

// told is when a member was told of the end, and why it came.
type told struct {
	at  time.Time
	why store.Kind
}

// A member of a session.
type member struct {
	*node
	entry *live.Entry
	own   live.Use
	seat  any // nil: one of its own
	over  chan told
}

func (m *member) Seat() any {
	if m.seat == nil {
		return m
	}
	return m.seat
}

func (m *member) leave() { m.leaves(m.entry) }

func (m *member) leaves(e *live.Entry) {
	m.own.Finish()
	e.Leave(m)
}

// newMember returns somebody who has not joined.
func (n *node) newMember() *member { return &member{node: n, over: make(chan told, 1)} }

// login starts a session and returns its token.
func (n *node) login() string {
	n.Helper()
	ctx, err := n.manager.Load(n.Context(), "")
	if err != nil {
		n.Fatal(err)
	}
	n.manager.Put(ctx, "user", "alice")
	token, _, err := n.manager.Commit(ctx)
	if err != nil {
		n.Fatal(err)
	}
	return token
}

// enter starts a session with a member, and returns the token too.
func (n *node) enter() (*member, string) {
	n.Helper()
	token := n.login()
	return n.enterWith(token), token
}

func (n *node) enterWith(token string) *member {
	n.Helper()
	m := n.newMember()
	if err := m.join(token); err != nil || m.entry == nil {
		n.Fatalf("joined %v, %v", m.entry, err)
	}
	return m
}

func (m *member) join(token string) (err error) {
	if m.entry, err = m.Join(m, token, token); err != nil || m.entry == nil {
		return err
	}
	m.entry.Own(&m.own, m)
	if m.config.KeepAlive {
		m.entry.NoteUse()
	}
	return nil
}

// event runs a handler.
func (m *member) event(handle func(u *live.Use)) error {
	m.entry.NoteUse()
	if !m.entry.TakeTurn(time.Minute) {
		m.Fatal("no turn")
	}
	defer m.entry.GiveTurn()
	if err := m.entry.Prepare(m.perMessage); err != nil {
		return err
	}
	u := new(live.Use)
	m.entry.Enter(u, &m.own, live.Terms{PerMessage: m.perMessage})
	if m.perMessage {
		defer u.Finish()
	}
	handle(u)
	return u.Leave(nil)
}

// do runs a handler that must not fail.
func (m *member) do(handle func(u *live.Use)) {
	m.Helper()
	if err := m.event(handle); err != nil {
		m.Errorf("an event got %v", err)
	}
}

// ended waits for the member's end and returns when it was told.
func (m *member) ended(why store.Kind, within time.Duration) (at time.Time) {
	m.Helper()
	select {
	case end := <-m.over:
		if end.why != why {
			m.Errorf("told %q, want %q", end.why, why)
		}
		at = end.at
	case <-time.After(within):
		m.Fatalf("not told within %v", within)
	}
	return at
}

// stored returns what the store has.
func (n *node) stored(token string) map[string]any {
	n.Helper()
	found, _, ok, err := n.config.Store.Load(n.Context(), token, nil)
	if err != nil || !ok {
		n.Fatalf("stored: %v, %v", ok, err)
	}
	return found.Values
}

// pass lets time pass.
func pass(d time.Duration) { <-time.After(d) }
