package plugin_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"
	"github.com/googollee/go-socket.io/parser"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

// wireApp is the app that the transcripts of testdata/wire talk to.
func wireApp(a *app, l *ledger) {
	register(a)
	for _, namespace := range []string{"/", "/chat", "/open"} {
		l.watch(a, namespace)
		a.sessions.OnEvent(namespace, "echo", func(_ socketio.Conn, _ *plugin.Session, text string) string { return text })
		a.sessions.OnEvent(namespace, "log", func(socketio.Conn, *plugin.Session) string { return l.all() })
	}
	a.sessions.AllowAnonymous("/open")
	a.sessions.OnEvent("/", "a,b]c", func(_ socketio.Conn, _ *plugin.Session, text string) string { return text })
	a.sessions.OnEvent("/", "none", func(socketio.Conn, *plugin.Session) {})
	a.sessions.OnEvent("/", "two", func(socketio.Conn, *plugin.Session) (int, string) { return 1, "b" })
	a.sessions.OnEvent("/", "error", func(socketio.Conn, *plugin.Session) error { return nil })
	a.sessions.OnEvent("/", "number", func(_ socketio.Conn, _ *plugin.Session, n int, text string) (int, string) { return n, text })
	a.sessions.OnEvent("/", "blob", func(c socketio.Conn, _ *plugin.Session, b *parser.Buffer) bool {
		c.Emit("blob", len(b.Data))
		return true
	})
	a.sessions.OnConnect("/vip", func(socketio.Conn, *plugin.Session) error {
		return &plugin.Refusal{Code: "login_required", Message: "Log in first.", Data: map[string]int{"level": 3}}
	})
	a.sessions.OnEvent("/vip", "echo", func(_ socketio.Conn, _ *plugin.Session, text string) string {
		l.add("vip handler ran")
		return text
	})
}

// Every transcript plays against a fresh app and connection. "> p" sends, "< p"
// must come, "< p*" must begin so, "< closed" is the end of the connection. A
// line may begin with what it holds for, else it holds everywhere: "wire" is our
// transports, "stock" go-socket.io's own, "next" go-socket.io's next version,
// which acknowledges all; "stock next" is both. The cookie is missing in files
// named nocookie-*. After the last line the client hangs up; then each
// namespace was left as often as it was entered, and never entered twice in a
// row: "OnConnect and OnDisconnect run exactly once".
func TestWire(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../testdata/wire/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			script, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			l := &ledger{}
			a := newApp(t, nil, plugin.Options{FlushInterval: 20 * time.Millisecond}, func(a *app) { wireApp(a, l) })
			cookie := ""
			if !strings.HasPrefix(name, "nocookie") {
				cookie = a.login("alice")
			}
			c := a.dial(cookie)
			play(c, string(script))
			c.WS.Close()
			eventually(t, "the server forgets the connection", func() bool { return a.server.Count() == 0 })
			for _, namespace := range []string{"/", "/chat", "/open"} {
				eventually(t, "OnDisconnect of "+namespace, func() bool { return l.count("+"+namespace) == l.count("-"+namespace) })
				inside := 0
				for _, line := range strings.Fields(l.all()) {
					switch line {
					case "+" + namespace:
						inside++
					case "-" + namespace:
						inside--
					}
					if inside < 0 || inside > 1 {
						t.Errorf("entered or left twice in a row: %s", l.all())
					}
				}
			}
		})
	}
}

// acknowledgesAll tells whether this is go-socket.io after v1.7.0, patched or not: it
// also acknowledges handlers without results, and events without a handler.
func acknowledgesAll() bool {
	_, later := any((*socketio.Server)(nil)).(interface{ Remove(id string) })
	return later
}

func play(c *client, script string) {
	c.Helper()
	conditions := map[string]bool{"wire": c.app.wired(), "stock": !c.app.wired(), "next": acknowledgesAll()}
	for i, line := range strings.Split(script, "\n") {
		holds := true
		word, packet, _ := strings.Cut(line, " ")
		for is, ok := conditions[word]; ok; is, ok = conditions[word] {
			holds = holds && is
			word, packet, _ = strings.Cut(packet, " ")
		}
		if !holds || word == "" || word[0] == '#' {
			continue
		}
		switch word {
		case ">":
			c.send(packet)
		case "<":
			got := c.read()
			prefix, open := strings.CutSuffix(packet, "*")
			if got != packet && (!open || !strings.HasPrefix(got, prefix)) {
				c.Fatalf("line %d: got packet %q, want %q", i+1, got, packet)
			}
		default:
			c.Fatalf("line %d is none that we know: %s", i+1, line)
		}
	}
}

// Invariant 10 and facts of engine.md section 4: these packets end their
// connection, and nothing else: another client of the same session goes on.
// What stock and our transports see differently is in ignored-packets.txt and
// names.txt too.
func TestMalformedPackets(t *testing.T) { //nolint:tparallel // the subtests share the bystander
	t.Parallel()
	l := &ledger{}
	a := newApp(t, nil, plugin.Options{}, func(a *app) { wireApp(a, l) })
	cookie := a.login("alice")
	bystander := a.enter(cookie)
	type row struct{ name, packet string }
	rows := []row{
		{"empty frame", ""},
		{"message without a type", "4"},
		{"type 9", "49"},
		{"type x", "4x"},
		{"event without a body", "42"},
		{"event that is an object", "42{}"},
		{"event without a name", "42[]"},
		{"event named by a number", "42[1]"},
		{"event named by an object", `42[{"a":1}]`},
		{"unterminated name", `42["` + strings.Repeat("x", 1<<20)},
		{"deep nesting", `42["echo",` + strings.Repeat("[", 100_000)},
		{"disconnect with a body", "41[5]"},
		{"long namespace", "40/" + strings.Repeat("n", 1<<20)},
	}
	if a.wired() {
		rows = append(rows,
			row{"Engine.IO type 9", "9"},
			row{"Engine.IO type z", "z"},
			row{"OPEN", "0"},
			row{"ERROR", "44"},
			row{"acknowledgement without an id", "43[]"},
			row{"acknowledgement with a huge id", `4399999999999999999999["x"]`},
			row{"many attachments", `459223372036854775807-["nosuch"]`},
			row{"placeholder without an attachment", `421["blob",{"_placeholder":true,"num":0}]`},
			row{"the transport's own event", `42["\u0000open"]`},
			row{"large message", `42["echo","` + strings.Repeat("x", 1<<20) + `"]`},
		)
	} else {
		rows = append(rows, row{"name with a comma", `42["a,b"]`}, row{"unknown namespace", "40/nosuch,"})
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			c := a.enter(cookie)
			c.T, c.TB = t, t
			c.try(row.packet) // it may be hung up on before the end of a long one
			c.want("closed")
			if got := bystander.ask(`["get","user"]`); got != `["alice"]` {
				t.Errorf("the other client got %s", got)
			}
		})
	}
	eventually(t, "only the bystander is connected", func() bool { return a.server.Count() == 1 && l.count("+/") == l.count("-/")+1 })
}
