package plugin_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/gomodule/redigo/redis"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// forgeries are what somebody else may publish on the channel of an id. ID stands
// for it, and HIM for that of a session.
var forgeries = []string{
	``, `x`, `null`, `[]`, `{}`, strings.Repeat(`[`, 100_000),
	`{"v":9,"from":"x","id":"ID","kind":"changed"}`,
	`{"v":1,"from":"x","id":"ID","kind":"nosuch"}`,
	`{"v":1,"from":"x","id":"","kind":"destroyed"}`,
	`{"v":1,"from":"x","id":"ID","kind":"changed","keys":["user","\u0000",""]}`,
	`{"v":1,"from":"x","id":"ID","kind":"said"}`,
	`{"v":1,"from":"x","id":"ID","kind":"said","data":null}`,
	`{"v":1,"from":"x","id":"ID","kind":"said","data":{"to":"nosuch","namespace":"/","event":["e"]}}`,
	`{"v":1,"from":"x","id":"ID","kind":"said","data":{"to":"everyone","namespace":"/nosuch","event":["e"]}}`,
	`{"v":1,"from":"x","id":"ID","kind":"said","data":{"to":"everyone","namespace":"/"}}`,
	`{"v":1,"from":"x","id":"ID","kind":"said","data":{"to":"everyone","namespace":"/","event":{"a":1},"attachments":["",""]}}`,
	`{"v":1,"from":"x","id":"ID","kind":"said","data":{"to":"room","name":"lobby","namespace":"/","event":["\u0000open"]}}`,
	`{"v":1,"from":"x","id":"ID","kind":"said","data":{"to":"id","name":"HIM","event":["e",{"_placeholder":true,"num":7}]}}`,
	`{"v":1,"from":"x","id":"ID","kind":"said","data":{"to":"id","name":"HIM","namespace":"","event":["e"],"attachments":["YQ=="]}}`,
}

// SECURITY.md, another user of the same Redis: what they publish on our channels ends no
// process and changes nothing that is saved. They can end sockets, not sessions.
func TestForgedNotes(t *testing.T) {
	t.Parallel()
	server := storetest.Redis(t)
	conn := server.Pool().Get()
	defer conn.Close()
	a := newApp(t, redisstore.New(server.Pool()), plugin.Options{Scope: plugin.PerMessage}, roomApp)
	cookie := a.login("alice")
	before := a.stored(cookie)
	c := a.enter(cookie)
	c.joins("/", "lobby")
	forge := func(body string) {
		channels, err := redis.Strings(conn.Do("PUBSUB", "CHANNELS"))
		if err != nil || len(channels) < 4 {
			t.Fatalf("the channels are %q, %v", channels, err)
		}
		for _, channel := range channels {
			id := channel[strings.LastIndex(channel, ":")+1:]
			if _, err := conn.Do("PUBLISH", channel, strings.NewReplacer("ID", id, "HIM", idOf(cookie)).Replace(body)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i, body := range forgeries {
		forge(body)
		c.send(fmt.Sprintf(`42%d["get","user"]`, i))
		c.skipTo(fmt.Sprintf(`43%d["alice"]`, i))
	}
	for _, kind := range []store.Kind{store.Destroyed, store.Renewed, store.Expired} {
		cookie := a.login("bob")
		c := a.enter(cookie)
		c.ask(`["id"]`)
		forge(`{"v":1,"from":"x","id":"ID","kind":"` + string(kind) + `"}`)
		if got := c.farewells(); got != "!"+string(kind) {
			t.Errorf("%s: the socket heard %q", kind, got)
		}
		if user, _ := a.get(cookie, "/get?user"); user != "bob" {
			t.Errorf("%s: a request finds the session of %q", kind, user)
		}
	}
	if after := a.stored(cookie); !maps.Equal(before, after) {
		t.Errorf("the session was %v, and is %v", before, after)
	}
}
