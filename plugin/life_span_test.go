package plugin

import (
	"context"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// Sockets are told of the end at its time: of the lifetime, however it is used,
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
		onClock(t, Options{}, idle, lifetime, func(n *clockNode) {
			from := time.Now()
			c, _ := n.enter("")
			for range row.events {
				pass(idle / 2)
				_ = n.events.dispatch(c, n.events.settings, func(*Session) error { return nil }) // it may be over
			}
			took := n.ended(c, CodeExpired, 2*lifetime).Sub(from)
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
	onClock(t, Options{KeepAlive: true}, idle, 1000*time.Hour, func(n *clockNode) {
		c, token := n.enter("")
		pass(100*idle + idle/20)
		if touches := n.memory.touches.Load(); touches < 1000 || touches > 1001 {
			t.Errorf("%d touches in 100 idle timeouts", touches)
		}
		n.events.leave(c, reasonClosed)
		pass(idle - idle/10)
		if _, _, ok, _ := n.memory.Find(t.Context(), token); !ok {
			t.Error("it has expired too early")
		}
		pass(idle/10 + idle/20)
		if _, _, ok, _ := n.memory.Find(t.Context(), token); ok {
			t.Error("it has not expired")
		}
	})
}

// Issue 5.2: one timer for a session, whatever the number of its sockets, which
// is armed anew when the session was extended or cut short elsewhere. All are
// told at the time, and never early.
func TestExpiryElsewhereIsInTime(t *testing.T) {
	t.Parallel()
	const idle, lifetime, sockets = time.Hour, 10 * time.Hour, 20
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
		onClock(t, Options{ProbeInterval: 100 * time.Hour}, idle, lifetime, func(n *clockNode) {
			store.Attach(elsewhere, n.memory.Memory, store.Options{})
			token := n.login()
			from := time.Now()
			var conns []*clockConn
			for range sockets {
				conns = append(conns, n.enterWith(token, ""))
			}
			pass(idle / 2)
			asked := n.memory.finds.Load()
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
			for _, c := range conns {
				took := n.ended(c, CodeExpired, 2*lifetime).Sub(from)
				if took < row.want || took > row.want+10*time.Millisecond {
					t.Errorf("%s: told after %v, want %v", name, took, row.want)
				}
			}
			if asked = n.memory.finds.Load() - asked; asked > 4 {
				t.Errorf("%s: the store was asked %d times for %d sockets", name, asked, sockets)
			}
		})
	}
}

// The cookie is fetched anew at most ten times in an idle timeout, by one of the
// sockets that are used; where there is no script, and where the cookie or the
// session does not die of idling, never.
func TestCookieIsInTime(t *testing.T) {
	t.Parallel()
	const hour = time.Hour
	for _, row := range []struct {
		name        string
		persist     bool
		query       string
		idle        time.Duration
		least, most int
	}{
		{"persistent", true, scriptQuery + "=1", hour, 15, 20},
		{"of the browser's session", false, scriptQuery + "=1", hour, 0, 0},
		{"without the script", true, "", hour, 0, 0},
		{"without an idle timeout", true, scriptQuery + "=1", 0, 0, 0},
	} {
		onClock(t, Options{}, row.idle, 100*hour, func(n *clockNode) {
			n.manager.Cookie.Persist = row.persist
			token := n.login()
			conns := []*clockConn{n.enterWith(token, row.query), n.enterWith(token, row.query)}
			for i := range 100 {
				pass(hour / 50)
				n.event(conns[i%2], func(*Session) {})
			}
			told := len(conns[0].got(claimEvent)) + len(conns[1].got(claimEvent))
			if told < row.least || told > row.most {
				t.Errorf("%s: told %d times in two hours", row.name, told)
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
		code string
	}{{0, CodeRenewed}, {hearsay / 2, CodeRenewed}, {hearsay + time.Second, CodeDestroyed}} {
		onClock(t, Options{Scope: PerMessage}, 0, time.Hour, func(n *clockNode) {
			c, token := n.enter("")
			if _, err := n.memory.Delete(t.Context(), token, store.Note{}); err != nil {
				t.Fatal(err)
			}
			note := store.Note{From: "elsewhere", Event: store.Event{ID: store.ID(token), Kind: store.Renewed}}
			time.AfterFunc(row.late, func() { _ = n.memory.Say(context.Background(), note) })
			if why := n.events.dispatch(c, n.events.settings, func(*Session) error { return nil }); why == nil || why.Code != row.code {
				t.Errorf("%v late: an event got %v, want %s", row.late, why, row.code)
			}
			n.ended(c, row.code, time.Second)
		})
	}
}
