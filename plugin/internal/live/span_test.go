package live_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/live"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// Members are told of the end at its time: of the lifetime, however it is used,
// and of the idle timeout after the last event, heard of by the store at most a
// tenth of it later.
func TestExpiryIsInTime(t *testing.T) {
	t.Parallel()
	const idle, lifetime = time.Hour, 10 * time.Hour
	for name, row := range map[string]struct {
		events int // one every half of the idle timeout
		want   time.Duration
	}{
		"not used": {0, idle}, "used": {5, 5*idle/2 + idle}, "used for ever": {100, lifetime},
	} {
		onClock(t, defaults(), idle, lifetime, func(n *node) {
			from := time.Now()
			m, _ := n.enter()
			for range row.events {
				pass(idle / 2)
				_ = m.event(func(*live.Use) {}) // it may be over
			}
			took := m.ended(store.Expired, 2*lifetime).Sub(from)
			if took < row.want || took > row.want+10*time.Millisecond {
				t.Errorf("%s: told after %v, want %v", name, took, row.want)
			}
		})
	}
}

// KeepAlive touches ten times in an idle timeout, from the first moment on.
func TestKeepAliveIsInTime(t *testing.T) {
	t.Parallel()
	const idle = time.Hour
	config := defaults()
	config.KeepAlive = true
	onClock(t, config, idle, 1000*time.Hour, func(n *node) {
		m, token := n.enter()
		pass(100*idle + idle/20)
		if touches := n.backend.touches.Load(); touches < 1000 || touches > 1001 {
			t.Errorf("%d touches in 100 idle timeouts", touches)
		}
		m.leave()
		pass(idle - idle/10)
		if _, _, ok, _ := n.backend.Find(t.Context(), token); !ok {
			t.Error("it has expired too early")
		}
		pass(idle/10 + idle/20)
		if _, _, ok, _ := n.backend.Find(t.Context(), token); ok {
			t.Error("it has not expired")
		}
	})
}

// One timer for a session, whatever the number of its members, which
// is armed anew when the session was extended or cut short elsewhere. All are
// told at the time, and never early.
func TestExpiryElsewhereIsInTime(t *testing.T) {
	t.Parallel()
	const idle, lifetime, members = time.Hour, 10 * time.Hour, 20
	elsewhere := scs.New() // it starts a goroutine for ever, so outside
	elsewhere.IdleTimeout, elsewhere.Lifetime = idle, lifetime
	for name, row := range map[string]struct {
		change func(ctx context.Context) // in the middle of the first idle timeout
		want   time.Duration
	}{
		"as it was":            {nil, idle},
		"a page view":          {func(context.Context) {}, idle/2 + idle},
		"a change":             {func(ctx context.Context) { elsewhere.Put(ctx, "k", "v") }, idle/2 + idle},
		"a deadline cut short": {func(ctx context.Context) { elsewhere.SetDeadline(ctx, time.Now().Add(time.Minute)) }, idle/2 + time.Minute},
	} {
		config := defaults()
		config.ProbeInterval = 100 * time.Hour
		onClock(t, config, idle, lifetime, func(n *node) {
			store.Attach(elsewhere, n.backend.Memory, store.Options{})
			token := n.login()
			from := time.Now()
			var all []*member
			for range members {
				all = append(all, n.enterWith(token))
			}
			pass(idle / 2)
			asked := n.backend.finds.Load()
			if row.change != nil {
				ctx, err := elsewhere.Load(store.Begin(t.Context()), token)
				if err != nil {
					t.Fatal(err)
				}
				row.change(ctx)
				if _, _, err := elsewhere.Commit(ctx); err != nil {
					t.Fatal(err)
				}
			}
			for _, m := range all {
				took := m.ended(store.Expired, 2*lifetime).Sub(from)
				if took < row.want || took > row.want+10*time.Millisecond {
					t.Errorf("%s: told after %v, want %v", name, took, row.want)
				}
			}
			if asked = n.backend.finds.Load() - asked; asked > 4 {
				t.Errorf("%s: the store was asked %d times for %d members", name, asked, members)
			}
		})
	}
}

// The news of an end may come a moment after the end is there to be seen: it is
// told by its name all the same.
func TestNewsAreLate(t *testing.T) {
	t.Parallel()
	const hearsay = 100 * time.Millisecond // for how long an end is waited for that is there to be seen
	for _, row := range []struct {
		late time.Duration
		why  store.Kind
	}{{0, store.Renewed}, {hearsay / 2, store.Renewed}, {hearsay + time.Second, store.Destroyed}} {
		onClock(t, defaults(), 0, time.Hour, func(n *node) {
			n.perMessage = true
			m, token := n.enter()
			if _, err := n.backend.Delete(t.Context(), token, store.Note{}); err != nil {
				t.Fatal(err)
			}
			note := store.Note{From: "elsewhere", Event: store.Event{ID: store.ID(token), Kind: store.Renewed}}
			time.AfterFunc(row.late, func() { _ = n.backend.Say(context.Background(), note) })
			var why *live.End
			if err := m.event(func(*live.Use) {}); !errors.As(err, &why) || why.Kind != row.why {
				t.Errorf("%v late: an event got %v, want %s", row.late, err, row.why)
			}
			m.ended(row.why, time.Second)
		})
	}
}
