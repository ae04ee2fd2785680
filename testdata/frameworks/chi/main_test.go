package main

import (
	"testing"

	"github.com/socketio-sessions/socketio-sessions/testdata/frameworks/mounted"
)

func TestRouter(t *testing.T) {
	t.Parallel()
	mounted.Test(t, newRouter)
}
