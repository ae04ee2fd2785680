package plugin_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// stepped is a backend that runs something before it saves or deletes, whose error
// is its own.
type stepped struct {
	*store.Memory
	save, remove atomic.Pointer[func() error]
}

func step(f *atomic.Pointer[func() error]) error {
	if f := f.Load(); f != nil {
		return (*f)()
	}
	return nil
}

func (s *stepped) Swap(ctx context.Context, key string, change store.Change) ([]byte, bool, error) {
	if err := step(&s.save); err != nil {
		return nil, false, err
	}
	return s.Memory.Swap(ctx, key, change)
}

func (s *stepped) Delete(ctx context.Context, key string, note store.Note) ([]byte, error) {
	if err := step(&s.remove); err != nil {
		return nil, err
	}
	return s.Memory.Delete(ctx, key, note)
}

// renewals is an app whose renewals wait before the old token is deleted, and how
// to let them go on.
type renewals struct {
	*app
	deleting chan bool
	goOn     chan error
	fresh    chan string // the cookies; "" of one that has failed
}

func newRenewals(t *testing.T) (r *renewals, cookie string) {
	t.Helper()
	b := &stepped{Memory: store.NewMemory()}
	r = &renewals{
		app:      newApp(t, b, plugin.Options{FlushInterval: time.Hour}, register),
		deleting: make(chan bool), goOn: make(chan error), fresh: make(chan string, 2),
	}
	cookie = r.login("alice")
	remove := func() error { r.deleting <- true; return <-r.goOn }
	b.remove.Store(&remove)
	return r, cookie
}

func (r *renewals) begin(cookie string) {
	go func() { // ends with the request
		_, fresh := r.get(cookie, "/renew")
		r.fresh <- fresh
	}()
	recv(r.T, "the renewal", r.deleting)
}

func (r *renewals) end(err error) (fresh string) {
	r.goOn <- err
	return recv(r.T, "the answer", r.fresh)
}

// kept tells whether what a put was answered is so in the session that goes on.
func (r *renewals) kept(answer, cookie string) {
	r.Helper()
	if stored := r.stored(cookie); answer == `[true]` && stored["k"] != "v" {
		r.Errorf("acknowledged, and not in the session that goes on: %v", stored)
	}
}

// Of two requests that renew one session the one that fails does not let sockets
// change it while the other is under way.
func TestRenewalBesideOneThatFails(t *testing.T) {
	t.Parallel()
	r, cookie := newRenewals(t)
	c := r.enter(cookie)
	c.still("alice")
	r.begin(cookie)
	r.begin(cookie)
	if fresh := r.end(errDown); fresh != "" {
		t.Errorf("one that fails sent the cookie %s", fresh)
	}
	got := c.askOr(`["put","k","v"]`)
	r.kept(got, r.end(nil))
}

// A socket that comes while a request is about to save hears of that: nothing falls
// between what it has loaded and what it is told.
func TestEntersWhileSaved(t *testing.T) {
	t.Parallel()
	backing := store.NewMemory()
	b := &stepped{Memory: backing}
	a, other := newApp(t, b, plugin.Options{}, register), newApp(t, backing, plugin.Options{}, register)
	cookie := a.login("alice")
	saving, goOn, answered := make(chan bool), make(chan error), make(chan bool)
	save := func() error { saving <- true; return <-goOn }
	b.save.Store(&save)
	go func() { // ends with the request
		a.get(cookie, "/put?k=v")
		close(answered)
	}()
	recv(t, "the save", saving)
	here, there := a.enter(cookie), other.enter(cookie)
	here.still("alice")
	there.still("alice")
	b.save.Store(nil)
	goOn <- nil
	recv(t, "the answer", answered)
	for where, c := range map[string]*client{"here": here, "on another node": there} {
		if got := c.ask(`["get","k"]`); got != `["v"]` {
			t.Errorf("after the answer to a put an event %s got %s", where, got)
		}
	}
}

// A renewal that fails lets sockets change the session again.
func TestAfterRenewalThatFails(t *testing.T) {
	t.Parallel()
	r, cookie := newRenewals(t)
	c := r.enter(cookie)
	c.still("alice")
	for range 2 {
		r.begin(cookie)
		r.end(errDown)
	}
	if got := c.ask(`["put","k","v"]`); got != `[true]` {
		t.Errorf("an event afterwards got %s", got)
	}
	if body, _ := r.get(cookie, "/get?k"); body != "v" {
		t.Errorf("a request reads %q", body)
	}
}

// A session that gets its first socket while a request renews it takes no changes
// either.
func TestEntersWhileRenewed(t *testing.T) {
	t.Parallel()
	r, cookie := newRenewals(t)
	r.begin(cookie)
	got := r.enter(cookie).askOr(`["put","k","v"]`)
	r.kept(got, r.end(nil))
}

// What sockets have changed and the store does not take at the moment is no reason
// to lose it: the renewal fails, as it would if the store failed a moment later.
func TestRenewalOfUnsaved(t *testing.T) {
	t.Parallel()
	b := &stepped{Memory: store.NewMemory()}
	a := newApp(t, b, plugin.Options{FlushInterval: time.Hour}, register)
	cookie := a.login("alice")
	c := a.enter(cookie)
	if got := c.ask(`["put","k","v"]`); got != `[true]` {
		t.Fatal(got)
	}
	fails := func() error { return errDown }
	b.save.Store(&fails)
	if _, fresh := a.get(cookie, "/renew"); fresh != "" {
		t.Errorf("it sent the cookie %s", fresh)
	}
	b.save.Store(nil)
	if _, fresh := a.get(cookie, "/renew"); a.stored(fresh)["k"] != "v" {
		t.Errorf("stored after the next: %v", a.stored(fresh))
	}
}
