package plugin_test

import (
	"encoding/gob"
	"errors"
	"strings"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

// Trap: a nil *Refusal returned as an error is not nil.
func TestTypedNilRefusal(t *testing.T) {
	t.Parallel()
	none := func() *plugin.Refusal { return nil }
	survives(t, func(t *testing.T) {
		a := newApp(t, nil, plugin.Options{}, func(a *app) {
			a.sessions.OnConnect("/", func(socketio.Conn, *plugin.Session) error { return nil })
			a.sessions.OnConnect("/chat", func(socketio.Conn, *plugin.Session) error { return none() })
			a.sessions.OnEvent("/", "event", func(socketio.Conn, *plugin.Session) error { return none() })
		})
		c := a.enter(a.login("alice"))
		c.send("40/chat,")
		if why := c.refused("/chat"); !strings.HasPrefix(why, `{"code":"internal"`) {
			t.Errorf("got %s", why)
		}
		c = a.enter(a.login("alice"))
		if got := c.ask(`["event"]`); !strings.Contains(got, "internal") {
			t.Errorf("got %s", got)
		}
	})
}

// Trap: a Refusal's Data that panics while it is encoded must not do so in
// go-socket.io's writer, where nothing recovers.
func TestRefusalDataPanics(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"connect", "event"} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			survives(t, func(t *testing.T) {
				refuse := func(at string) error {
					if at == where {
						return &plugin.Refusal{Code: "app", Data: bomb{}}
					}
					return nil
				}
				a := newApp(t, nil, plugin.Options{}, func(a *app) {
					a.sessions.OnConnect("/", func(socketio.Conn, *plugin.Session) error { return refuse("connect") })
					a.sessions.OnEvent("/", "event", func(socketio.Conn, *plugin.Session) error { return refuse("event") })
				})
				c := a.dial(a.login("alice"))
				for i := range 20 {
					c.try(`42` + string(rune('0'+i%10)) + `["event"]`)
				}
				if where == "event" {
					c.WS.Close()
				}
				c.drain()
			})
		})
	}
}

// Trap: a result that cannot be encoded fails in go-socket.io's writer, after
// the changes were kept; one that panics there ends the process.
func TestResultPanics(t *testing.T) {
	t.Parallel()
	survives(t, func(t *testing.T) {
		a := newApp(t, nil, plugin.Options{}, func(a *app) {
			register(a)
			a.sessions.OnEvent("/", "bomb", func(socketio.Conn, *plugin.Session) any { return bomb{} })
		})
		c := a.enter(a.login("alice"))
		if got := c.ask(`["bomb"]`); !strings.Contains(got, "internal") {
			t.Errorf("got %s", got)
		}
	})
}

// bomb cannot be encoded.
type bomb struct{}

func (bomb) MarshalJSON() ([]byte, error) { panic("boom in MarshalJSON") }

// bombGob cannot be stored.
type bombGob struct{ N int }

func (bombGob) GobEncode() ([]byte, error) { panic("boom in GobEncode") }
func (*bombGob) GobDecode([]byte) error    { return errors.New("no") }

// Trap: a value that panics while the session is encoded, in the goroutine of
// OnConnect or OnDisconnect.
func TestValuePanicsWhenStored(t *testing.T) {
	t.Parallel()
	gob.Register(bombGob{})
	survives(t, func(t *testing.T) {
		l := &ledger{}
		a := newApp(t, nil, plugin.Options{FlushInterval: 10 * time.Millisecond}, func(a *app) {
			a.sessions.OnConnect("/", func(_ socketio.Conn, s *plugin.Session) error {
				a.manager.Put(s, "bomb", bombGob{1})
				return nil
			})
			a.sessions.OnInvalid("/", func(_ socketio.Conn, why *plugin.Refusal) { l.add(why.Code) })
		})
		c := a.dial(a.login("alice"))
		c.drain()
		if got := l.all(); got != "internal" {
			t.Errorf("OnInvalid heard %q, want internal", got)
		}
	})
}
