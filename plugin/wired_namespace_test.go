package plugin_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
)

// kinds4 runs a test with clients of version 4.
func kinds4(t *testing.T, test func(t *testing.T, k kind)) {
	t.Helper()
	for _, k := range allKinds {
		if k.version == 4 {
			t.Run(k.transport, func(t *testing.T) {
				t.Parallel()
				test(t, k)
			})
		}
	}
}

// A client of version 4 is in the namespaces that it asks for and in no other:
// the root's OnConnect does not run for it, and nothing of the root reaches it.
func TestWiredWithoutRoot(t *testing.T) {
	t.Parallel()
	kinds4(t, func(t *testing.T, k kind) {
		l := &ledger{}
		a := wiredApp(t, plugin.Options{}, transport.Options{}, func(a *app) { wireApp(a, l) })
		c := a.connect(k, a.login("alice"))
		steps := []struct{ send, want string }{
			{`421["log"]`, ""},
			{`42/chat,2["log"]`, `43/chat,2["+/chat"]`},
			{"41", ""},
			{`42/chat,3["log"]`, `43/chat,3["+/chat"]`},
			{"40", "enters /"},
			{`424["log"]`, `434["+/chat +/"]`},
			{"41/chat,", ""},
			{`42/chat,5["log"]`, ""},
			{"40/chat,", "enters /chat"},
			{`42/chat,6["log"]`, `43/chat,6["+/chat +/ -/chat +/chat"]`},
			{"41", ""},
			{`427["log"]`, ""},
			{"40", "enters /"},
			{`428["log"]`, `438["+/chat +/ -/chat +/chat -/ +/"]`},
		}
		c.send("40/chat,")
		c.enters("/chat")
		a.server.BroadcastToNamespace("/", "news", 1)
		a.server.BroadcastToNamespace("/chat", "mark", 1)
		c.want(`42/chat,["mark",1]`) // behind what the root was sent, which is not for this client
		for _, step := range steps {
			c.send(step.send)
			if namespace, ok := strings.CutPrefix(step.want, "enters "); ok {
				c.enters(namespace)
			} else if step.want != "" {
				c.want(step.want)
			}
		}
	})
}

// whoami tells the user and what the handshake's headers show of the auth
// payload.
func whoami(a *app, namespace string) {
	a.sessions.OnEvent(namespace, "whoami", func(c socketio.Conn, s *plugin.Session) string {
		return a.manager.GetString(s, "user") + c.RemoteHeader().Get(transport.AuthHeader) + c.RemoteHeader().Get(transport.AuthHeader+"-Token")
	})
}

// authApp finds the token in the auth payload of version 4.
func authApp(t *testing.T) *app {
	t.Helper()
	options := plugin.Options{Cutter: plugin.FromHeader(transport.AuthHeader + "-Token")}
	return wiredApp(t, options, transport.Options{}, func(a *app) {
		for _, namespace := range []string{"/", "/chat", "/other"} {
			whoami(a, namespace)
		}
	})
}

func tokenOf(cookie string) string {
	_, token, _ := strings.Cut(cookie, "=")
	return token
}

// The auth payload is reachable by a cutter, for each namespace its own, also
// when a namespace is left and asked for again.
func TestWiredAuth(t *testing.T) {
	t.Parallel()
	kinds4(t, func(t *testing.T, k kind) {
		a := authApp(t)
		auth := map[string]string{}
		for _, user := range []string{"alice", "bob"} {
			auth[user] = fmt.Sprintf(`{"name":"%s","token":"%s","level":3}`, user, tokenOf(a.login(user)))
		}
		c := a.connect(k, "")
		for _, row := range []struct{ namespace, user string }{
			{"/", "alice"}, {"/chat", "bob"}, {"/chat", "alice"}, {"/other", "alice"}, {"/", "bob"},
		} {
			c.send("40" + prefix(row.namespace) + auth[row.user])
			c.enters(row.namespace)
			if got, want := c.askIn(row.namespace, `["whoami"]`), `["`+row.user+`"]`; got != want {
				t.Errorf("%s of %s got %s", row.namespace, row.user, got)
			}
			c.send("41" + prefix(row.namespace))
		}
		for _, payload := range []string{``, `{}`, `{"token":7}`, `{"token":["` + tokenOf(a.login("eve")) + `"]}`, `{"other":"x"}`} {
			c.send("40/chat," + payload)
			if why := c.refused("/chat"); !strings.HasPrefix(why, `{"code":"no_cookie"`) {
				t.Errorf("auth %q got %s", payload, why)
			}
			c = a.connect(k, "") // it was in no other namespace
		}
	})
}

// A header of the name that shows the auth payload is dropped when a client
// sends it: only the payload counts.
func TestWiredForgedAuth(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, k kind) {
		a := authApp(t)
		alice, bob := tokenOf(a.login("alice")), tokenOf(a.login("bob"))
		forged := http.Header{
			transport.AuthHeader:            {`{"token":"` + alice + `"}`},
			transport.AuthHeader + "-Token": {alice},
		}
		c, status := a.open(k, forged)
		if c == nil {
			t.Fatalf("the handshake got %d", status)
		}
		if k.version == 4 {
			c.Connect("/", `{"token":"`+bob+`"}`)
			c.enters("/")
			if got := c.ask(`["whoami"]`); got != `["bob"]` {
				t.Errorf("got %s", got)
			}
			c.send("40/chat,")
			c.refused("/chat")
			return
		}
		if why := c.refused("/"); !strings.HasPrefix(why, `{"code":"no_cookie"`) {
			t.Errorf("got %s", why)
		}
		c.ends()
	})
}
