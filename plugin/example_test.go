package plugin_test

import (
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/gomodule/redigo/redis"
	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
)

// What the examples share.
var (
	manager  *scs.SessionManager
	server   *socketio.Server
	sessions *plugin.Sessions
	wire     *transport.Wire
)

// Scopes and access are set for all in Options, for a namespace, or for one
// event.
func ExampleSessions_Configure() {
	sessions.Configure("/shop", plugin.PerMessage)
	sessions.OnEvent("/shop", "buy", func(_ socketio.Conn, s *plugin.Session, item string) (string, error) {
		manager.Put(s, "bought", item)
		return "thanks, " + manager.GetString(s, "user"), nil
	})
	sessions.OnEvent("/shop", "prices", func(_ socketio.Conn, s *plugin.Session) string {
		return manager.GetString(s, "currency")
	}, plugin.ReadOnly)
}

// A counter that is exact over any number of sockets, requests and processes.
func ExampleSession_Update() {
	sessions.OnEvent("/", "count", func(_ socketio.Conn, s *plugin.Session) (n int, err error) {
		err = s.Update(func(s *plugin.Session) error {
			n = manager.GetInt(s, "n") + 1
			manager.Put(s, "n", n)
			return nil
		})
		return n, err
	})
}

// A store that fails may have saved what it did not answer. The client sends the
// same id when it asks again.
func ExampleSession_Update_again() {
	sessions.OnEvent("/", "pay", func(_ socketio.Conn, s *plugin.Session, id string, amount int) (balance int, err error) {
		err = s.Update(func(s *plugin.Session) error {
			balance = manager.GetInt(s, "balance")
			if manager.GetString(s, "paid") == id {
				return nil // it was saved the first time
			}
			balance -= amount
			manager.Put(s, "balance", balance)
			manager.Put(s, "paid", id)
			return nil
		})
		return balance, err
	})
}

// A namespace for users who are logged in. The client hears the code and the
// message of the refusal.
func ExampleSessions_OnConnect() {
	sessions.OnConnect("/chat", func(_ socketio.Conn, s *plugin.Session) error {
		if !manager.Exists(s, "user") {
			return &plugin.Refusal{Code: plugin.CodeLoginRequired, Message: "Please log in."}
		}
		return nil
	})
}

// A login by HTTP. The sockets of the session hear "renewed", and come back with the new
// cookie.
func ExampleSessions_LoadAndSave() {
	mux := http.NewServeMux()
	mux.Handle("POST /login", sessions.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !valid(r.FormValue("user"), r.FormValue("password")) {
			http.Error(w, "no such user or password", http.StatusUnauthorized)
			return
		}
		if err := manager.RenewToken(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		manager.Put(r.Context(), "user", r.FormValue("user"))
	})))
}

// What a client is told that has no session, or no longer one.
func ExampleSessions_OnInvalid() {
	sessions.OnInvalid("/", func(_ socketio.Conn, why *plugin.Refusal) {
		if why.Code == plugin.CodeExpired {
			why.Data = "/login"
		}
	})
}

// Handlers that stay registered on the server, behind a gate and with the
// session at hand.
func ExampleSessions_Protect() {
	sessions.Protect("/admin")
	server.OnEvent("/admin", "whoami", func(c socketio.Conn) string {
		return manager.GetString(sessions.Session(c), "user")
	})
}

// Nobody but this host can set a cookie of such a name, and only over HTTPS.
func ExampleFromCookie() {
	manager.Cookie.Name, manager.Cookie.Secure = "__Host-session", true // with Path "/" and no Domain, as SCS has them
}

// Clients without cookies may send the token in a header of the handshake.
func ExampleFirstOf() {
	options := plugin.Options{
		Transport: wire,
		Cutter:    plugin.FirstOf(plugin.FromCookie("session"), plugin.FromHeader("X-Session")),
	}
	_, _ = plugin.Enable(server, manager, options)
}

// Sessions in Redis, in the layout of SCS's own redisstore.
func Example_redis() {
	pool := &redis.Pool{MaxIdle: 16, Dial: func() (redis.Conn, error) { // github.com/gomodule/redigo/redis
		return redis.Dial("tcp", "127.0.0.1:6379", redis.DialConnectTimeout(time.Second),
			redis.DialReadTimeout(time.Second), redis.DialWriteTimeout(time.Second))
	}}
	store.Attach(manager, redisstore.New(pool), store.Options{})
}
