package plugintest_test

import (
	"net/http"
	"testing"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/plugintest"
)

// What the examples share: the test, and what newApp of the package's comment returns.
var (
	t       *testing.T
	manager *scs.SessionManager
	handler http.Handler
)

// A test of a handler.
func Example() {
	srv := plugintest.New(t, handler)
	cookie := plugintest.Session(t, manager, map[string]any{"user": "ann"})

	c := srv.Dial("/", cookie)
	c.Ask("click").Expect(1)
	c.Emit("say", "hello")
	c.Expect("said", map[string]string{"user": "ann", "text": "hello"})

	if why := srv.Dial("/", nil).Refused(); why.Code != plugin.CodeNoCookie {
		t.Errorf("without a session: %+v", why)
	}
}

// A logout, by the page that does it, reaches the socket.
func ExampleClient_Ended() {
	srv := plugintest.New(t, handler)
	cookie := plugintest.Session(t, manager, map[string]any{"user": "ann"})
	c := srv.Dial("/chat", cookie)

	r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+"/logout", nil)
	r.AddCookie(cookie)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if why := c.Ended(); why.Code != plugin.CodeDestroyed {
		t.Errorf("got %+v", why)
	}
}

// Two users in one room. Each has a client of another kind.
func ExampleServer_Dial() {
	srv := plugintest.New(t, handler)
	ann := srv.Dial("/chat", plugintest.Session(t, manager, map[string]any{"user": "ann"}))
	bob := srv.Dial("/chat", plugintest.Session(t, manager, map[string]any{"user": "bob"}),
		plugintest.EIO3(), plugintest.Polling())
	ann.Ask("say", "hello").Expect(true)
	bob.Expect("said", map[string]string{"user": "ann", "text": "hello"})
}

// What a handler returns, and what it refuses.
func ExampleClient_Ask() {
	c := plugintest.New(t, handler).Dial("/shop", plugintest.Session(t, manager, nil))
	var basket struct {
		Items []string
		Total int
	}
	c.Ask("buy", "tea", 2).Scan(&basket)
	if basket.Total != 7 {
		t.Errorf("got %+v", basket)
	}
	if code := c.Ask("buy", "moon", 1).Code(); code != "sold_out" {
		t.Errorf("got %q", code)
	}
}
