package live_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/live"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// The tests of this package play on a clock of their own: the times of a session's
// life are right to the moment.

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
