// Command chat has rooms, the same on every node that shares a Redis: go run ./chat -redis redis://127.0.0.1:6379 -addr 127.0.0.1:3001
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
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

func main() {
	addr := flag.String("addr", "127.0.0.1:3000", "listening address")
	url := flag.String("redis", "", "the Redis that all nodes share; none: this node alone")
	flag.Parse()

	var backend store.Backend = store.NewMemory()
	if *url != "" {
		backend = redisstore.New(&redis.Pool{MaxIdle: 16, Dial: func() (redis.Conn, error) {
			return redis.DialURL(*url, redis.DialConnectTimeout(time.Second), redis.DialReadTimeout(time.Second), redis.DialWriteTimeout(time.Second))
		}})
	}
	manager := scs.New()
	store.Attach(manager, backend, store.Options{})
	wire := transport.New(transport.Options{})
	server := socketio.NewServer(wire.EngineOptions(nil))
	sessions, err := plugin.Enable(server, manager, plugin.Options{Transport: wire})
	if err != nil {
		log.Fatal(err)
	}
	sessions.OnEvent("/", "enter", func(c socketio.Conn, _ *plugin.Session, room string) {
		c.LeaveAll()
		c.Join(room)
	})
	sessions.OnEvent("/", "say", func(_ socketio.Conn, s *plugin.Session, room, text string) error {
		return sessions.Emit(context.Background(), plugin.Room(room), "/", "said", manager.GetString(s, "name"), text)
	}, plugin.ReadOnly)
	go server.Serve()

	mux := http.NewServeMux()
	mux.Handle("/socket.io/", sessions)
	mux.Handle("/", sessions.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name := r.FormValue("name"); name != "" { // without one there is no session, and no chat
			manager.Put(r.Context(), "name", name)
		}
		fmt.Fprint(w, page)
	})))
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening on http://" + listener.Addr().String())
	log.Fatal(http.Serve(listener, mux))
}

const page = `<!doctype html><meta charset="utf-8"><title>Chat</title>
<form><input name="name"> <button>is my name</button></form>
<form id="say"><input name="room" value="lobby"> <input name="text" autofocus> <button>say</button></form><pre></pre>
<script src="https://cdn.jsdelivr.net/npm/socket.io-client@4.8.4/dist/socket.io.min.js"></script>
<script src="/socket.io/socket.io-sessions.js"></script>
<script>
var socket = io.connectWithSession(), form = document.querySelector('#say');
socket.on('said', function (name, text) { document.querySelector('pre').append(name + ': ' + text + '\n'); });
socket.on('connect', form.room.onchange = function () { socket.emit('enter', form.room.value); });
form.onsubmit = function () { socket.emit('say', form.room.value, form.text.value); form.text.value = ''; return false; };
</script>`
