package plugin_test

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
)

// A failure says where it was.
func TestFailureSaysWhere(t *testing.T) {
	t.Parallel()
	heard := make(chan plugin.Failure, 10)
	a := newApp(t, nil, plugin.Options{OnError: func(f plugin.Failure) { heard <- f }}, func(a *app) {
		a.sessions.OnEvent("/", "fail", func(socketio.Conn, *plugin.Session) error { return errors.New("broken") })
		a.sessions.OnEvent("/chat", "say", func(_ socketio.Conn, _ *plugin.Session, text string) string { return text })
		a.sessions.OnConnect("/full", func(socketio.Conn, *plugin.Session) error { return errors.New("no room") })
	})
	c := a.enter(a.login("alice")).in("/chat")
	c.ask(`["fail"]`)
	c.askIn("/chat", `["say",1]`)
	c.send("40/full,")
	c.refused("/full")
	for _, want := range []plugin.Failure{
		{Stage: plugin.StageEvent, Namespace: "/", Event: "fail"},
		{Stage: plugin.StageEvent, Namespace: "/chat", Event: "say"},
		{Stage: plugin.StageConnect, Namespace: "/full"},
	} {
		got := recv(t, "OnError", heard)
		if got.ID == "" || got.Err == nil {
			t.Errorf("got %+v", got)
		}
		if got.ID, got.Err = "", nil; got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}

// Without OnError a failure is logged, and where it was.
func TestFailureIsLogged(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	plugin.LogFailure(slog.New(slog.NewTextHandler(&log, nil)), plugin.Failure{
		Stage: plugin.StageEvent, ID: "abc", Namespace: "/chat", Event: "say", Err: errors.New("broken"),
	})
	if want := `level=ERROR msg="sessions: event" id=abc err=broken namespace=/chat event=say`; !strings.Contains(log.String(), want) {
		t.Errorf("the log has %s, want %s", log.String(), want)
	}
}

// fickle encodes once.
type fickle struct{ encoded *atomic.Bool }

func (f fickle) MarshalJSON() ([]byte, error) {
	if f.encoded.Swap(true) {
		return nil, errors.New("not twice")
	}
	return []byte("1"), nil
}

// An acknowledgement that does not encode in the end is a failure like any other.
func TestFailureOfAnswer(t *testing.T) {
	t.Parallel()
	heard := make(chan plugin.Failure, 10)
	a := wiredApp(t, plugin.Options{OnError: func(f plugin.Failure) { heard <- f }}, transport.Options{}, func(a *app) {
		a.sessions.OnEvent("/", "fickle", func(socketio.Conn, *plugin.Session) fickle { return fickle{new(atomic.Bool)} })
	})
	cookie := a.login("alice")
	a.enter(cookie).send(`421["fickle"]`)
	if got := recv(t, "OnError", heard); got.ID != idOf(cookie) || got.Namespace != "/" || got.Event != "fickle" {
		t.Errorf("got %+v", got)
	}
}

// A cutter that panics is a failure, also where the handshake is refused for it.
func TestFailureOfCutter(t *testing.T) {
	t.Parallel()
	for _, refuse := range []bool{false, true} {
		heard := make(chan plugin.Failure, 10)
		a := newApp(t, nil, plugin.Options{
			RefuseHandshake: refuse, OnError: func(f plugin.Failure) { heard <- f }, Cutter: func(*http.Request) string { panic("broken") },
		}, register)
		a.open(kind{overWebsocket, 3}, http.Header{})
		if got := recv(t, "OnError", heard); got.Stage != plugin.StageConnect || !strings.Contains(got.Err.Error(), "broken") {
			t.Errorf("RefuseHandshake %v: got %+v", refuse, got)
		}
	}
}
