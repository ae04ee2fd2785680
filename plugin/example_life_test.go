package plugin_test

import (
	"context"
	"errors"
	"log"
	"net/http"
	"time"

	"github.com/gomodule/redigo/redis"
	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
)

// A socket hears what a request, another tab or another node has changed.
func ExampleSessions_OnChange() {
	sessions.OnChange("/", func(c socketio.Conn, s *plugin.Session, keys []string) {
		c.Emit("changed", keys)
	})
}

// A login inside a socket ends in a cookie: the client script fetches it.
func ExampleSession_Renew() {
	sessions.OnEvent("/", "login", func(_ socketio.Conn, s *plugin.Session, user, password string) (bool, error) {
		if !valid(user, password) {
			return false, nil
		}
		return true, s.Renew(map[string]any{"user": user})
	})
}

// Every socket of a session, on every node: an event, and the end of them.
func ExampleSessions_Emit() {
	notify := func(_ http.ResponseWriter, r *http.Request) {
		id := attached.SessionID(r.Context()) // attached is what store.Attach returned
		if err := sessions.Emit(r.Context(), plugin.ID(id), "/", "notice", "your order has left"); err != nil {
			log.Print(err)
		}
	}
	http.Handle("POST /notify", sessions.LoadAndSave(http.HandlerFunc(notify)))
}

// Sockets of a session are sent away, and the session goes on.
func ExampleSessions_Disconnect() {
	ban := func(ctx context.Context, id string) error {
		return sessions.Disconnect(ctx, plugin.ID(id), &plugin.Refusal{Code: "banned", Message: "See you tomorrow."})
	}
	_ = ban
}

// The sessions of a user, on every node.
func ExampleUser() {
	var pool *redis.Pool
	attached := store.Attach(manager, redisstore.New(pool), store.Options{
		User: func(values map[string]any) string { name, _ := values["user"].(string); return name },
	})
	reset := func(ctx context.Context, user string) error {
		devices, err := attached.SessionsOf(ctx, user) // "your devices"
		if err != nil {
			return err
		}
		err = attached.EndID(ctx, user, devices[0].Device) // log one of them out
		if err != nil {
			return err
		}
		_, err = attached.EndUser(ctx, user, attached.SessionID(ctx)) // log out everywhere but here
		if err != nil {
			return err
		}
		err = sessions.Emit(ctx, plugin.User(user), "/", "notice", "Welcome back") // wherever they are
		return err
	}
	_ = reset
}

// A node leaves in three steps, so that nobody notices a deploy.
func ExampleSessions_Close() {
	const notice = 5 * time.Second // the balancer's interval
	web := &http.Server{ReadHeaderTimeout: 5 * time.Second}
	leave := func(ctx context.Context) error {
		sessions.Drain()           // sessions.Ready() fails: the balancer sends nobody new
		time.Sleep(notice)         // until it has asked; all is served on
		err := sessions.Close(ctx) // saves, and sends clients away at CloseRate
		err = errors.Join(err, web.Shutdown(ctx))
		return err
	}
	_ = leave
}

// The auth payload of clients 3.x and 4.x, io({auth: {token}}), is a header.
func ExampleFromHeader() {
	wire := transport.New(transport.Options{AllowedOrigins: []string{"https://app.example.com"}})
	server := socketio.NewServer(wire.EngineOptions(nil))
	options := plugin.Options{
		Transport: wire,
		Cutter:    plugin.FirstOf(plugin.FromCookie("session"), plugin.FromHeader(transport.AuthHeader+"-Token")),
	}
	_, _ = plugin.Enable(server, manager, options)
}

var attached *store.Store

func valid(user, password string) bool { return user != "" && password != "" }
