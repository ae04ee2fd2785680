package plugin_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// A listener counts what an Observer hears, by what it says of it.
type listener struct {
	mu      sync.Mutex
	heard   map[string]int
	longest time.Duration // wait
}

func (l *listener) add(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.heard == nil {
		l.heard = make(map[string]int)
	}
	l.heard[fmt.Sprintf(format, args...)]++
}

func (l *listener) count(what string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.heard[what]
}

func (l *listener) observer() plugin.Observer {
	return plugin.Observer{
		Loaded: func(_ context.Context, took time.Duration, err error) { l.add("loaded %v %v", took >= 0, root(err)) },
		Saved:  func(_ context.Context, took time.Duration, err error) { l.add("saved %v %v", took >= 0, root(err)) },
		Handled: func(ctx context.Context, namespace, event string, took time.Duration, err error) {
			l.add("handled %s %s %s %v %v", ctx.(*plugin.Session).ID(), namespace, event, took >= 0, root(err))
		},
		Conflicted: func(context.Context) { l.add("conflicted") },
		Entered:    func(_ context.Context, namespace string) { l.add("entered %s", namespace) },
		Left:       func(_ context.Context, namespace, reason string) { l.add("left %s: %s", namespace, reason) },
		Refused:    func(_ context.Context, code string) { l.add("refused %s", code) },
		Sized:      func(_ context.Context, bytes int) { l.add("sized %dk", bytes/1000) },
		Waited: func(ctx context.Context, namespace string, took time.Duration) {
			l.add("waited %s %s %v", ctx.(*plugin.Session).ID(), namespace, took >= 0)
			l.mu.Lock()
			defer l.mu.Unlock()
			l.longest = max(l.longest, took)
		},
		Arrived: func(ctx context.Context, outcome string) { l.add("arrived %s", outcome) },
		Dropped: func(_ context.Context, why string) { l.add("dropped %s", why) },
		Ended:   func(_ context.Context, code string) { l.add("ended %s", code) },
		Claimed: func(_ context.Context, outcome string) { l.add("claim %s", outcome) },
	}
}

// all returns all that was heard that begins with a word.
func (l *listener) all(word string) map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make(map[string]int)
	for what, n := range l.heard {
		if rest, is := strings.CutPrefix(what, word+" "); is {
			all[rest] = n
		}
	}
	return all
}

// root returns the error at the bottom.
func root(err error) error {
	for next := err; next != nil; next = errors.Unwrap(next) {
		err = next
	}
	return err
}

// interfere lets another process write the session just before the next event
// does.
func (a *app) interfere(backend *spy, cookie string) {
	var done atomic.Bool
	elsewhere := scs.New()
	store.Attach(elsewhere, &backend.Memory, store.Options{})
	backend.hook(func(op string) {
		if op != "swap" || !done.CompareAndSwap(false, true) {
			return
		}
		ctx, err := elsewhere.Load(store.Begin(a.Context()), tokenIn(cookie))
		if err != nil {
			a.Error(err)
			return
		}
		elsewhere.Put(ctx, "other", "1")
		if _, _, err := elsewhere.Commit(ctx); err != nil {
			a.Error(err)
		}
	})
}

// An Observer hears of every load, save, conflict and event, of who enters and leaves,
// and of every refusal.
func TestObserver(t *testing.T) {
	t.Parallel()
	l, backend := &listener{}, newSpy()
	a := newApp(t, backend, plugin.Options{Observer: l.observer(), Scope: plugin.PerMessage, StoreGrace: -1}, register)
	is := func(what string, want int) {
		t.Helper()
		eventually(t, fmt.Sprintf("%s: %d, not %d", what, want, l.count(what)), func() bool { return l.count(what) == want })
	}
	some := func(what string, before int) { // the timer loads too
		t.Helper()
		eventually(t, "more of "+what, func() bool { return l.count(what) > before })
	}
	cookie := a.login("alice")
	c := a.enter(cookie)
	is("entered /", 1)
	some("loaded true <nil>", 0)
	loads := l.count("loaded true <nil>")
	c.ask(`["put","k","v"]`)
	some("loaded true <nil>", loads)
	is("saved true <nil>", 1)
	id := store.ID(tokenIn(cookie))
	is("handled "+id+" / put true <nil>", 1)

	a.interfere(backend, cookie)
	c.ask(`["put","k","w"]`)
	is("conflicted", 1)
	is("saved true <nil>", 2)
	if got := a.stored(cookie); got["k"] != "w" || got["other"] != "1" {
		t.Errorf("it holds %v", got)
	}

	backend.fail(errDown)
	c.ask(`["put","k","x"]`)
	is("handled "+id+" / put true "+errDown.Error(), 1)
	some("loaded true "+errDown.Error(), 0)
	backend.fail(nil)

	a.dial("")
	is("refused no_cookie", 1)
	is("left /: destroyed", 0)
	a.get(cookie, "/destroy")
	is("refused destroyed", 1)
	is("left /: destroyed", 1)
	is("entered /", 1)
}

// An Update that runs again tells of a conflict, and of one save.
func TestObserverOfUpdate(t *testing.T) {
	t.Parallel()
	l, backend := &listener{}, newSpy()
	a := newApp(t, backend, plugin.Options{Observer: l.observer()}, register)
	cookie := a.login("alice")
	c := a.enter(cookie)
	a.interfere(backend, cookie)
	c.ask(`["count"]`)
	if conflicts, saves := l.count("conflicted"), l.count("saved true <nil>"); conflicts != 1 || saves != 1 {
		t.Errorf("%d conflicts, %d saves", conflicts, saves)
	}
}

// broken is an Observer that panics.
var broken = plugin.Observer{
	Loaded:  func(context.Context, time.Duration, error) { panic("loaded") },
	Saved:   func(context.Context, time.Duration, error) { panic("saved") },
	Handled: func(context.Context, string, string, time.Duration, error) { panic("handled") },
	Entered: func(context.Context, string) { panic("entered") },
	Left:    func(context.Context, string, string) { panic("left") },
	Refused: func(context.Context, string) { panic("refused") },
	Sized:   func(context.Context, int) { panic("sized") },
	Waited:  func(context.Context, string, time.Duration) { panic("waited") },
	Arrived: func(context.Context, string) { panic("arrived") },
	Dropped: func(context.Context, string) { panic("dropped") },
	Ended:   func(context.Context, string) { panic("ended") },
	Claimed: func(context.Context, string) { panic("claimed") },
}

// An Observer that panics is reported, and changes nothing.
func TestObserverPanics(t *testing.T) {
	t.Parallel()
	a := newApp(t, nil, plugin.Options{Observer: broken, Scope: plugin.PerMessage}, register)
	cookie := a.login("alice")
	c := a.enter(cookie)
	if got := c.ask(`["put","k","v"]`); got != "[true]" {
		t.Errorf("got %s", got)
	}
	a.get(cookie, "/destroy")
	for _, method := range []string{"loaded", "saved", "handled", "entered", "left", "refused", "sized", "waited", "arrived", "ended"} {
		eventually(t, method+" is reported", func() bool {
			return slices.Contains(a.failures.all(), plugin.StageObserver+": panic: "+method)
		})
	}
	if all := a.failures.all(); slices.ContainsFunc(all, func(s string) bool { return !strings.HasPrefix(s, plugin.StageObserver) }) {
		t.Errorf("it has failed: %v", all)
	}
}
