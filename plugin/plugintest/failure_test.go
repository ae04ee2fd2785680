package plugintest_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/plugintest"
	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
)

// A recorder is a test that keeps why it has failed.
type recorder struct {
	testing.TB
	why []string
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.why = append(r.why, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Fatal(args ...any) {
	r.Errorf("%s", fmt.Sprint(args...))
	runtime.Goexit()
}

// fails returns why do fails its test.
func fails(t *testing.T, do func(testing.TB)) string {
	t.Helper()
	r, over := &recorder{TB: t}, make(chan struct{})
	go func() { defer close(over); do(r) }()
	<-over
	return strings.Join(r.why, "\n")
}

// hasty is the Patience where nothing comes, and what comes has come before.
const hasty = time.Second

// What is not as wanted fails the test, which says what was wanted and what came instead.
func TestFailures(t *testing.T) {
	t.Parallel()
	const ann, nobody = "ann", ""
	said := func(c *plugintest.Client) *plugintest.Client { c.Ask("say", "hi"); return c }
	for name, row := range map[string]struct {
		user string
		do   func(*app, *plugintest.Client)
		want string
	}{
		"other arguments": {ann, func(_ *app, c *plugintest.Client) { said(c).Expect("said", line{"ann", "ho"}, 1) }, `said is [{"user":"ann","text":"hi"},1], want [{"user":"ann","text":"ho"},1]`},
		"fewer arguments": {ann, func(_ *app, c *plugintest.Client) { said(c).Expect("said") }, `said is [{"user":"ann","text":"hi"},1], want []`},
		"another event":   {ann, func(_ *app, c *plugintest.Client) { said(c).Expect("heard", 1) }, "no heard [1] came in / within 1s; it has heard:\n\ttyping []\n\tsaid [{\"user\":\"ann\",\"text\":\"hi\"},1]"},
		"no event":        {ann, func(_ *app, c *plugintest.Client) { c.Hear("said") }, "no said came in / within 1s"},
		"an event":        {ann, func(_ *app, c *plugintest.Client) { said(c).ExpectNone("typing") }, "typing [] came, want none"},
		"another answer":  {ann, func(_ *app, c *plugintest.Client) { c.Ask("click").Expect(0) }, "the answer to click is [1], want [0]"},
		"no int":          {ann, func(_ *app, c *plugintest.Client) { c.Ask("say", "x").Int() }, `the answer to say is ["ok x"]: argument 1: json: cannot unmarshal string into Go value of type int`},
		"too few":         {ann, func(_ *app, c *plugintest.Client) { c.Ask("click").Scan(new(int), new(int)) }, "the answer to click has 1 arguments, want 2: [1]"},
		"no answer":       {ann, func(_ *app, c *plugintest.Client) { c.Ask("wait", "x") }, `no answer to wait ["x"] in / within 1s`},
		"no JSON":         {ann, func(_ *app, c *plugintest.Client) { c.Emit("click", func() {}) }, "click: json: unsupported type: func()"},
		"let in":          {ann, func(_ *app, c *plugintest.Client) { c.Refused() }, "not refused in / within 1s"},
		"not ended":       {ann, func(_ *app, c *plugintest.Client) { c.Ended() }, "not ended in / within 1s"},
		"silence":         {ann, func(_ *app, c *plugintest.Client) { _ = len(collect(c)) }, "no event came within 1s"},
		"hung up":         {ann, func(_ *app, c *plugintest.Client) { c.Close(); c.Ask("click") }, "no answer to click [] in /: the connection has ended: ERROR"},
		"ended":           {ann, func(a *app, c *plugintest.Client) { end(t, a, c); c.Ask("click", 1) }, "no answer to click [1] in /: the client was sent away: disconnected (The server closed the connection.)"},
		"was in": {ann, func(a *app, c *plugintest.Client) {
			said(c).Expect("typing")
			c.Hear("said")
			end(t, a, c)
			c.Refused()
		}, "not refused in /: the client was let in, and has sent or heard an event"},
		"has emitted":     {ann, func(a *app, c *plugintest.Client) { c.Emit("click"); end(t, a, c); c.Refused() }, "not refused in /: the client was let in, and has sent or heard an event"},
		"never in":        {nobody, func(_ *app, c *plugintest.Client) { c.Ended() }, "not ended in /: the client was refused: no_cookie (There is no session: the request carried no session cookie.)"},
		"another number":  {ann, func(_ *app, c *plugintest.Client) { c.Ask("large").Expect(int64(large + 1)) }, "the answer to large is [9007199254740992], want [9007199254740993]"},
		"scanned failure": {ann, func(_ *app, c *plugintest.Client) { c.Ask("fail").Scan(new(line)) }, `the answer to fail is [{"error":{"code":"sold_out","message":"No more."}}]: the event has failed`},
		"refused":         {nobody, func(_ *app, c *plugintest.Client) { c.Connected() }, "not connected in /: the client was refused: no_cookie (There is no session: the request carried no session cookie.)"},
		"refused asks":    {nobody, func(_ *app, c *plugintest.Client) { c.Ask("click") }, "no answer to click [] in /: the client was refused: no_cookie (There is no session: the request carried no session cookie.)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := startApp(t, false, plugin.Options{})
			srv := plugintest.New(t, a.handler)
			var cookie *http.Cookie
			if row.user != nobody {
				cookie = plugintest.Session(t, a.manager, map[string]any{"user": row.user})
			}
			got := fails(t, func(tb testing.TB) {
				var options []plugintest.Option
				if strings.Contains(row.want, fmt.Sprint(hasty)) {
					options = append(options, plugintest.Patience(hasty))
				}
				row.do(a, srv.In(tb).Dial("/", cookie, options...))
			})
			got = regexp.MustCompile(`ended: .*`).ReplaceAllString(got, "ended: ERROR")
			if got != row.want {
				t.Errorf("it has failed with\n%s\nwant\n%s", got, row.want)
			}
		})
	}
}

func collect(c *plugintest.Client) (events []string) {
	for event := range c.Events() {
		events = append(events, event)
	}
	return events
}

// end sends a client away and waits until it has gone.
func end(t *testing.T, a *app, c *plugintest.Client) {
	t.Helper()
	if err := a.sessions.Disconnect(t.Context(), plugin.Everyone(), nil); err != nil {
		t.Error(err)
	}
	c.Ended()
}

// Where no client can be let in or refused, Dial says what to do about it.
func TestDialFails(t *testing.T) {
	t.Parallel()
	ours, stock := startApp(t, false, plugin.Options{}), startApp(t, true, plugin.Options{})
	wire := transport.New(transport.Options{Logger: slog.New(slog.DiscardHandler)})
	server := socketio.NewServer(wire.EngineOptions(nil))
	server.OnConnect("/", func(socketio.Conn) error { return nil })
	idle := wire.Handler(server) // nobody runs its Serve
	for name, row := range map[string]struct {
		handler http.Handler
		options []plugintest.Option
		want    string
	}{
		"another path":           {ours.handler, []plugintest.Option{plugintest.Path("/ws")}, "what answers at /ws/ is not Engine.IO 4: see plugintest.Path"},
		"another path polling":   {ours.handler, []plugintest.Option{plugintest.Path("/ws"), plugintest.Polling()}, "what answers at /ws/ is not Engine.IO 4: see plugintest.Path"},
		"idle":                   {idle, nil, "does the server's Serve run?"},
		"idle polling 3":         {idle, []plugintest.Option{plugintest.Polling(), plugintest.EIO3()}, "does the server's Serve run?"},
		"stock":                  {stock.handler, nil, "or see plugintest.EIO3"},
		"stock polling":          {stock.handler, []plugintest.Option{plugintest.Polling()}, "see plugintest.Path, and plugintest.EIO3 for"},
		"another origin":         {ours.handler, []plugintest.Option{plugintest.Header("Origin", "http://evil.example")}, "the handshake failed: status 403"},
		"another origin polling": {ours.handler, []plugintest.Option{plugintest.Header("Origin", "http://evil.example"), plugintest.Polling()}, "the handshake failed: status 403"},
		"auth of version 3":      {ours.handler, []plugintest.Option{plugintest.Auth(1), plugintest.EIO3()}, "Engine.IO 3 has no Auth"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cookie := plugintest.Session(t, ours.manager, nil)
			got := fails(t, func(tb testing.TB) {
				plugintest.New(t, row.handler, plugintest.Patience(hasty)).In(tb).Dial("/", cookie, row.options...).Connected()
			})
			if !strings.Contains(got, row.want) {
				t.Errorf("it has failed with %q, want %q", got, row.want)
			}
		})
	}
}
