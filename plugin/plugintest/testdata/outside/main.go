// Command outside uses the kit where there is no test, which it must refuse.
package main

import (
	"net/http"
	"testing"

	"github.com/socketio-sessions/socketio-sessions/plugin/plugintest"
)

type fake struct{ testing.TB }

func (fake) Helper() {}

func main() { plugintest.New(fake{}, http.NotFoundHandler()) }
