package plugin_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
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
