// Package mounted tests that a framework's router and Socket.IO with sessions serve side by side.
package mounted

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/alexedwards/scs/v2"
	socketio "github.com/googollee/go-socket.io"
)

// Test starts the router and visits it as a browser would: page, script, handshake.
func Test(t *testing.T, newRouter func(*scs.SessionManager, *socketio.Server) (http.Handler, error)) {
	t.Helper()
	manager, server := scs.New(), socketio.NewServer(nil)
	router, err := newRouter(manager, server)
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve()
	app := httptest.NewServer(router)
	t.Cleanup(app.Close)

	jar, _ := cookiejar.New(nil)
	b := browser{t, app.URL, &http.Client{Jar: jar}}
	b.get("/", "visit 1\n")
	b.hasCookie(manager.Cookie.Name)
	b.get("/", "visit 2\n")
	b.get("/socket.io/socket.io-sessions.js", "connectWithSession")
	b.get("/socket.io/?EIO=3&transport=polling", `0{"sid":"`)
}

type browser struct {
	t      *testing.T
	origin string
	client *http.Client
}

// get wants status 200 and a body that contains want.
func (b browser) get(path, want string) {
	b.t.Helper()
	response, err := b.client.Get(b.origin + path)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK || !strings.Contains(string(body), want) {
		b.t.Errorf("GET %s: got status %d and %.200q, want 200 and %q", path, response.StatusCode, body, want)
	}
}

func (b browser) hasCookie(name string) {
	b.t.Helper()
	origin, err := url.Parse(b.origin)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, cookie := range b.client.Jar.Cookies(origin) {
		if cookie.Name == name {
			return
		}
	}
	b.t.Errorf("GET / set no cookie named %q", name)
}
