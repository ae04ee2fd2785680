package main

import (
	"context"
	"testing"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/plugintest"
)

func TestClick(t *testing.T) {
	manager, sessions, app := newApp()
	defer sessions.Close(context.Background())
	srv := plugintest.New(t, app)
	cookie := plugintest.Session(t, manager, map[string]any{"clicks": 41})

	srv.Dial("/", cookie).Ask("click").Expect(42)
	if why := srv.Dial("/", nil).Refused(); why.Code != plugin.CodeNoCookie {
		t.Errorf("without a session: %s", why.Code)
	}
}
