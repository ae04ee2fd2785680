// Command gin serves Socket.IO with sessions beside a gin engine.
package main

import (
	"flag"
	"log"
	"net/http"

	"github.com/alexedwards/scs/v2"
	"github.com/gin-gonic/gin"
	socketio "github.com/googollee/go-socket.io"

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

	router := gin.Default()
	router.Any("/socket.io/*any", gin.WrapH(sessions))
	router.GET("/", func(c *gin.Context) {
		ctx := c.Request.Context()
		manager.Put(ctx, "visits", manager.GetInt(ctx, "visits")+1)
		c.String(http.StatusOK, "visit %d\n", manager.GetInt(ctx, "visits"))
	})
	return sessions.LoadAndSave(router), nil // around gin: its middleware is of another kind
}
