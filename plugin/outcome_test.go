package plugin_test

import (
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
)

// hears expects that of all that begins with a word just this was heard, and how often.
func (l *listener) hears(t *testing.T, word string, want map[string]int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%s: heard %v, want %v", word, l.all(word), want), func() bool { return maps.Equal(l.all(word), want) })
}

// Of each handshake the Observer hears what became of it, once, whatever the client asks
// for later.
func TestArrived(t *testing.T) {
	t.Parallel()
	l, backend := &listener{}, newSpy()
	a := newApp(t, backend, plugin.Options{Observer: l.observer(), MaxSocketsPerSession: len(allKinds), MaxAnonymous: 1, StoreGrace: -1}, func(a *app) {
		register(a)
		a.sessions.OnEvent("/chat", "none", func(socketio.Conn, *plugin.Session) {})
	})
	cookie, want := a.login("alice"), make(map[string]int)
	knock := func(k kind, cookies, outcome string) *client {
		c := a.connect(k, cookies)
		c.Connect("/", "")
		if outcome == plugin.ArrivedIn {
			c.enters("/")
		} else {
			c.refused("/")
		}
		want[outcome]++
		l.hears(t, "arrived", want)
		return c
	}
	for _, k := range a.kinds() {
		knock(k, cookie, plugin.ArrivedIn).in("/chat")
		l.hears(t, "arrived", want)
		knock(k, "", plugin.CodeNoCookie)
		knock(k, "session=nobody", plugin.CodeUnknown)
		knock(k, cookie+"; session=another", plugin.CodeAmbiguousCookie)
	}
	for range len(allKinds) - len(a.kinds()) {
		knock(a.kinds()[0], cookie, plugin.ArrivedIn)
	}
	knock(a.kinds()[0], cookie, plugin.CodeTooMany)
	other := a.login("bob")
	backend.fail(errDown)
	knock(a.kinds()[0], other, plugin.CodeStoreError)
	backend.fail(nil)
	if err := a.sessions.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if status, _ := a.knock(cookie, overPolling); status != http.StatusServiceUnavailable {
		t.Errorf("got %d", status)
	}
	want[plugin.CodeGoingAway]++
	l.hears(t, "arrived", want)
}

// Who may come without a session has arrived, and who is one too many has not.
func TestArrivedAnonymous(t *testing.T) {
	t.Parallel()
	l := &listener{}
	a := newApp(t, nil, plugin.Options{Observer: l.observer(), MaxAnonymous: 1}, func(a *app) {
		register(a)
		a.sessions.AllowAnonymous("/")
	})
	a.enter("")
	l.hears(t, "arrived", map[string]int{plugin.ArrivedIn: 1})
	a.dial("")
	l.hears(t, "arrived", map[string]int{plugin.ArrivedIn: 1, plugin.CodeTooMany: 1})
}

// A handshake that HTTP refuses is heard of once, with the same outcomes.
func TestArrivedRefused(t *testing.T) {
	t.Parallel()
	l, backend := &listener{}, newSpy()
	a := newApp(t, backend, plugin.Options{Observer: l.observer(), RefuseHandshake: true}, register)
	cookie := a.login("alice")
	a.enter(cookie)
	a.knock("", overPolling)
	a.knock("session=nobody", overWebsocket)
	a.knock("session=1; session=2", overPolling)
	backend.fail(errDown)
	a.knock(cookie, overPolling)
	l.hears(t, "arrived", map[string]int{
		plugin.ArrivedIn: 1, plugin.CodeNoCookie: 1, plugin.CodeUnknown: 1, plugin.CodeAmbiguousCookie: 1, plugin.CodeStoreError: 1,
	})
}

// What our own transports turn away is heard of: by origin, by id, by cookie, and what is
// no request of Engine.IO's.
func TestWiredArrived(t *testing.T) {
	t.Parallel()
	l := &listener{}
	a := wiredApp(t, plugin.Options{Observer: l.observer()}, transport.Options{}, register)
	c := a.enterAs(kind{overPolling, 4}, a.login("alice"))
	a.intrude(c, withCookie(a.login("mallory")))
	for _, query := range []string{"transport=polling&sid=1", "transport=polling&j=0"} {
		a.request(http.MethodGet, a.url+"/socket.io/?EIO=4&"+query, http.Header{}, "")
	}
	a.request(http.MethodGet, a.url+"/socket.io/?EIO=4&transport=polling", http.Header{"Origin": {"http://evil.example"}}, "")
	l.hears(t, "arrived", map[string]int{
		plugin.ArrivedIn: 1, plugin.ArrivedForeign: 3, plugin.ArrivedUnknownID: 1, plugin.ArrivedBadRequest: 1, plugin.ArrivedForbidden: 1,
	})
}

// A ticket that was used is told apart from a cookie of no session.
func TestArrivedWithTicket(t *testing.T) {
	t.Parallel()
	l, options := &listener{}, ticketed()
	options.Observer = l.observer()
	a := newApp(t, nil, options, register)
	ticket := a.ticket(a.login("alice"))
	k := kind{overWebsocket, 4}
	a.arrived(k, ticket).enters("/")
	a.arrived(k, ticket).refused("/")
	a.connect(k, "session=nobody").Connect("/", "")
	l.hears(t, "arrived", map[string]int{plugin.ArrivedIn: 1, plugin.ArrivedBadTicket: 1, plugin.CodeUnknown: 1})
}

// The Observer hears of a claim when it is made, redeemed, asked for again, or lost.
func TestClaimed(t *testing.T) {
	t.Parallel()
	l, backend := &listener{}, newSpy()
	a := newApp(t, backend, plugin.Options{Observer: l.observer(), StoreGrace: -1}, loginApp)
	cookie := a.login("guest")
	secret := a.enter(cookie).logsIn("alice")
	want := map[string]int{plugin.ClaimMade: 1}
	l.hears(t, "claim", want)
	for _, try := range []struct{ cookie, secret, outcome string }{
		{"", secret, plugin.ClaimLost},
		{cookie, "WRONG", plugin.ClaimLost},
		{a.login("mallory"), secret, plugin.ClaimLost},
		{cookie, secret, plugin.ClaimRedeemed},
		{cookie, secret, plugin.ClaimRepeated},
	} {
		a.redeem(try.cookie, try.secret)
		want[try.outcome]++
		l.hears(t, "claim", want)
	}
	a.post("session-claim", cookie) // this asks for the cookie, and is no claim
	other := a.login("guest")
	secret = a.enter(other).logsIn("bob")
	want[plugin.ClaimMade]++
	a.get(other, "/destroy")
	a.redeem(other, secret)
	want[plugin.ClaimLost]++
	backend.fail(errDown)
	a.redeem(other, secret)
	want[plugin.ClaimFailed]++
	l.hears(t, "claim", want)
}

// The end of a session is heard of once, however many sockets it has.
func TestEnded(t *testing.T) {
	t.Parallel()
	l := &listener{}
	a := newApp(t, nil, plugin.Options{Observer: l.observer()}, register)
	for path, code := range map[string]string{"/destroy": plugin.CodeDestroyed, "/renew": plugin.CodeRenewed} {
		cookie := a.login("alice")
		clients := []*client{a.enter(cookie), a.enter(cookie)}
		a.get(cookie, path)
		for _, c := range clients {
			c.expelled("/")
		}
		eventually(t, code, func() bool { return l.count("ended "+code) == 1 })
	}
	a.enter(a.login("alice")).ask(`["destroy"]`)
	l.hears(t, "ended", map[string]int{plugin.CodeDestroyed: 2, plugin.CodeRenewed: 1})
}

// An event that waits for its turn tells for how long, also if it waits in vain; one that
// only reads does not wait.
func TestWaited(t *testing.T) {
	t.Parallel()
	l, holding, held := &listener{}, make(chan bool), make(chan bool)
	const patience = 50 * time.Millisecond
	a := newApp(t, nil, plugin.Options{Observer: l.observer(), HandlerTimeout: patience}, func(a *app) {
		register(a)
		a.sessions.OnEvent("/", "hold", func(socketio.Conn, *plugin.Session) { holding <- true; <-held })
	})
	cookie := a.login("alice")
	first, second := a.enter(cookie), a.enter(cookie)
	second.ask(`["read","user"]`)
	if all := l.all("waited"); len(all) > 0 {
		t.Errorf("waited: %v", all)
	}
	first.send(`42["hold"]`)
	recv(t, "the handler", holding)
	if got := second.ask(`["get","user"]`); !strings.Contains(got, plugin.CodeBusy) {
		t.Errorf("got %s", got)
	}
	held <- true
	l.hears(t, "waited", map[string]int{idOf(cookie) + " / true": 2})
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.longest < patience {
		t.Errorf("it has waited for %v", l.longest)
	}
}

// Each save by a socket tells the size of the session. The first that is large is logged,
// once, with the session's id.
func TestSized(t *testing.T) {
	t.Parallel()
	scopes(t, func(t *testing.T, options plugin.Options) {
		var log lines
		l := &listener{}
		options.Observer, options.Logger, options.FlushInterval = l.observer(), slog.New(slog.NewTextHandler(&log, nil)), time.Hour
		a := newApp(t, nil, options, func(a *app) {
			a.sessions.OnEvent("/", "put", func(_ socketio.Conn, s *plugin.Session, n int) error {
				a.manager.Put(s, "k", strings.Repeat("x", n*1000))
				return s.Save()
			})
		})
		cookie := a.login("alice")
		c := a.enter(cookie)
		a.get(cookie, "/put?big="+strings.Repeat("x", 70_000)) // of HTTP's saves nothing is heard
		a.get(cookie, "/put?big=")
		for _, k := range []int{1, 64, 70, 90} {
			if got := c.ask(fmt.Sprintf(`["put",%d]`, k)); got != "[null]" {
				t.Fatalf("got %s", got)
			}
			if large := k > 65; log.count("larger than 64 KiB") > 0 != large {
				t.Errorf("%d kB: logged: %v", k, !large)
			}
		}
		if line := "id=" + idOf(cookie) + " bytes=70"; log.count("larger than 64 KiB") != 1 || log.count(line) != 1 {
			t.Errorf("logged %s", &log.b)
		}
		l.hears(t, "sized", map[string]int{"1k": 1, "64k": 1, "70k": 1, "90k": 1})
	})
}

// A client that does not read is dropped, which is heard of.
func TestWiredDropped(t *testing.T) {
	t.Parallel()
	l := &listener{}
	a := wiredApp(t, plugin.Options{Observer: l.observer(), EmitWait: -1}, transport.Options{MaxMessageBytes: 10_000, MaxQueueBytes: 20_000, MaxWaitingBytes: 80_000}, func(a *app) {
		a.sessions.OnEvent("/", "flood", func(c socketio.Conn, _ *plugin.Session) {
			for range 10 {
				c.Emit("much", strings.Repeat("x", 9000))
			}
		})
	})
	c := a.enterAs(kind{overPolling, 4}, a.login("alice"))
	c.try(`42["flood"]`) // its end may come before the answer
	l.hears(t, "dropped", map[string]int{plugin.DroppedSlow: 1})
}
