package plugintest_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/alexedwards/scs/v2"
	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/plugintest"
	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
	"github.com/socketio-sessions/socketio-sessions/store"
)

func TestClick(t *testing.T) {
	t.Parallel()
	manager, handler := newApp(t) // as the program has them: see below
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

func newApp(t *testing.T) (*scs.SessionManager, http.Handler) {
	t.Helper()
	manager := scs.New()
	store.Attach(manager, store.NewMemory(), store.Options{})
	wire := transport.New(transport.Options{})
	server := socketio.NewServer(wire.EngineOptions(nil))
	sessions, err := plugin.Enable(server, manager, plugin.Options{Transport: wire})
	if err != nil {
		t.Fatal(err)
	}
	handlers(manager, sessions) // the app's OnConnect, OnEvent, …
	go server.Serve()
	t.Cleanup(func() { _ = sessions.Close(context.Background()) })

	mux := http.NewServeMux()
	mux.Handle("/socket.io/", sessions)
	mux.Handle("/", sessions.LoadAndSave(pages(manager)))
	return manager, mux
}

func handlers(manager *scs.SessionManager, sessions *plugin.Sessions) {
	sessions.OnEvent("/", "click", func(_ socketio.Conn, s *plugin.Session) int {
		manager.Put(s, "clicks", manager.GetInt(s, "clicks")+1)
		return manager.GetInt(s, "clicks")
	})
	sessions.OnEvent("/", "say", func(_ socketio.Conn, s *plugin.Session, text string) error {
		line := map[string]string{"user": manager.GetString(s, "user"), "text": text}
		return sessions.Emit(s, plugin.Everyone(), "/", "said", line)
	})
}

func pages(manager *scs.SessionManager) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, manager.GetInt(r.Context(), "clicks"))
	})
}

func TestLogout(t *testing.T) {
	t.Parallel()
	manager, handler := newApp(t)
	c := plugintest.New(t, handler).Dial("/", plugintest.Session(t, manager, nil))
	if err := manager.Iterate(t.Context(), manager.Destroy); err != nil {
		t.Fatal(err)
	}
	if why := c.Ended(); why.Code != plugin.CodeDestroyed {
		t.Errorf("got %+v", why)
	}
}

// The code of the package's comment stands in a test that runs.
func TestComment(t *testing.T) {
	t.Parallel()
	comment, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var tests strings.Builder
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tests.WriteString(flat(string(b)))
	}
	blocks := regexp.MustCompile(`(//\t.*\n(//\n)?)+`).FindAllString(string(comment), -1)
	if len(blocks) != 3 {
		t.Fatalf("the comment has %d blocks of code", len(blocks))
	}
	for _, block := range blocks {
		code := regexp.MustCompile(`(?m)^//\t?`).ReplaceAllString(block, "")
		if !strings.Contains(tests.String(), flat(code)) {
			t.Errorf("no test has\n%s", code)
		}
	}
}

// flat drops indentation and blank lines.
func flat(code string) string {
	return regexp.MustCompile(`\s*\n\s*`).ReplaceAllString(strings.TrimSpace(code)+"\n", "\n")
}
