// Command echo serves Socket.IO with sessions beside an echo router.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"

	"github.com/alexedwards/scs/v2"
	socketio "github.com/googollee/go-socket.io"
	"github.com/labstack/echo/v4"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/store"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:3000", "listening address")
	flag.Parse()
	manager, server := scs.New(), socketio.NewServer(nil)
	router, err := newRouter(manager, server)
	if err != nil {
		log.Fatal(err)
	}
	go server.Serve()
	log.Fatal(http.ListenAndServe(*addr, router))
}

func newRouter(manager *scs.SessionManager, server *socketio.Server) (http.Handler, error) {
	store.Attach(manager, store.NewMemory(), store.Options{})
	sessions, err := plugin.Enable(server, manager, plugin.Options{})
	if err != nil {
		return nil, err
	}
	sessions.OnEvent("/", "visits", func(_ socketio.Conn, s *plugin.Session) int {
		return manager.GetInt(s, "visits")
	})

	router := echo.New()
	router.Use(echo.WrapMiddleware(sessions.LoadAndSave))
	router.Any("/socket.io/*", echo.WrapHandler(sessions))
	router.GET("/", func(c echo.Context) error {
		ctx := c.Request().Context()
		manager.Put(ctx, "visits", manager.GetInt(ctx, "visits")+1)
		return c.String(http.StatusOK, fmt.Sprintln("visit", manager.GetInt(ctx, "visits")))
	})
	return router, nil
}
