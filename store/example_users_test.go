package store_test

import (
	"fmt"
	"log"
	"net/http"

	"github.com/alexedwards/scs/v2"
	"github.com/gomodule/redigo/redis"

	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
)

// "Log out everywhere" and "your devices", on every node.
func ExampleStore_EndUser() {
	manager := scs.New()
	manager.HashTokenInStore = true
	pool := &redis.Pool{Dial: func() (redis.Conn, error) { return redis.Dial("tcp", "127.0.0.1:6379") }}
	sessions := store.Attach(manager, redisstore.New(pool), store.Options{
		User:               func(values map[string]any) string { name, _ := values["user"].(string); return name },
		Info:               []string{"browser"}, // what SessionsOf shows of the values
		MaxSessionsPerUser: 10,                  // a login above it ends the least recently used; default: any number
	})
	http.HandleFunc("POST /password", func(w http.ResponseWriter, r *http.Request) {
		ctx, user := r.Context(), manager.GetString(r.Context(), "user")
		devices, err := sessions.SessionsOf(ctx, user) // Device, ID, Made, Used, Deadline, Values of each
		if err == nil && len(devices) > 0 {
			err = sessions.EndID(ctx, user, devices[0].Device) // "log out this device"
		}
		if err == nil {
			_, err = sessions.EndUser(ctx, user, sessions.SessionID(ctx)) // "log out everywhere" but here
		}
		if err != nil {
			http.Error(w, "please try again", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "you are logged out on all other devices")
	})
	log.Fatal(http.ListenAndServe(":3000", sessions.LoadAndSave(http.DefaultServeMux)))
}
