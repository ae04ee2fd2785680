package plugin_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/internal/rawclient"
)

// pausedCodec waits once, where it encodes a session that holds "paused".
type pausedCodec struct {
	scs.Codec
	once         *sync.Once
	paused, goOn chan bool
}

func (c pausedCodec) Encode(deadline time.Time, values map[string]any) ([]byte, error) {
	if values["paused"] == true {
		c.once.Do(func() {
			c.paused <- true
			<-c.goOn
		})
	}
	return c.Codec.Encode(deadline, values)
}

// A goroutine's commit that outlasts its handler counts from what the goroutine was
// shown, and takes back nothing of what others have written since. Not parallel: it
// looks at what goroutines do.
func TestCommitOutlastsHandler(t *testing.T) { //nolint:paralleltest // see there
	for _, scope := range []plugin.Scope{plugin.PerConnection, plugin.PerMessage} {
		codec := pausedCodec{once: new(sync.Once), paused: make(chan bool), goOn: make(chan bool)}
		committed := make(chan error, 1)
		var between *plugin.Session
		a, sessions := outsideApp(t, nil, plugin.Options{Scope: scope, FlushInterval: time.Hour}, func(a *app) {
			codec.Codec = a.manager.Codec
			a.manager.Codec = codec
			a.sessions.OnEvent("/", "go", func(_ socketio.Conn, s *plugin.Session) bool {
				a.get("session="+a.manager.Token(s), "/put?k=http")
				eventually(t, "it is seen between handlers", func() bool { return a.manager.GetString(between, "k") == "http" })
				a.manager.Put(s, "paused", true)
				go func() { // ends with the test
					_, _, err := a.manager.Commit(s)
					committed <- err
				}()
				<-codec.paused
				return true
			})
		})
		cookie := a.login("alice")
		c := a.enter(cookie)
		a.get(cookie, "/put?k=old")
		c.ask(`["keep"]`)
		between = recv(t, "the session", sessions)
		eventually(t, "k is seen", func() bool { return c.ask(`["get","k"]`) == `["old"]` })
		c.send(`421["go"]`)
		eventually(t, "the handler has returned", func() bool { return waitsIn("live.(*Use).leave") })
		codec.goOn <- true
		if err := recv(t, "the commit", committed); err != nil {
			t.Error(err)
		}
		c.skipTo("431[true]")
		if got := c.ask(`["get","k"]`); got != `["http"]` {
			t.Errorf("scope %v: an event then sees %s", scope, got)
		}
		if got := a.stored(cookie); got["k"] != "http" || got["paused"] != true {
			t.Errorf("scope %v: stored: %v", scope, got)
		}
	}
}

// waitsIn tells whether a goroutine waits for a lock in a function.
func waitsIn(function string) bool {
	for one := range strings.SplitSeq(rawclient.Stacks(), "\n\n") {
		if strings.Contains(one, "[sync.Mutex.Lock") && strings.Contains(one, function) {
			return true
		}
	}
	return false
}
