package plugin_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// jsonCodec makes a float64 of every number.
type jsonCodec struct{}

type jsonSession struct {
	Deadline time.Time
	Values   map[string]any
}

func (jsonCodec) Encode(deadline time.Time, values map[string]any) ([]byte, error) {
	return json.Marshal(jsonSession{deadline, values})
}

func (jsonCodec) Decode(b []byte) (time.Time, map[string]any, error) {
	var s jsonSession
	err := json.NewDecoder(bytes.NewReader(b)).Decode(&s)
	return s.Deadline, s.Values, err
}

// shifty is what gob changes: it drops what is not exported, and pointers.
type shifty struct {
	Kept    int
	dropped int
}

func init() { gob.Register(shifty{}) }

// A handler sees what the store would give back, from the next event on, and not
// only when somebody else has written.
func TestCodecThatChangesValues(t *testing.T) {
	t.Parallel()
	scopes(t, func(t *testing.T, options plugin.Options) {
		for name, codec := range map[string]scs.Codec{"json": jsonCodec{}, "gob": new(store.Codec), "encoding/gob": scs.GobCodec{}} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				show := func(a *app, s *plugin.Session) string {
					return fmt.Sprintf("%T %+v %T %+v", a.manager.Get(s, "n"), a.manager.Get(s, "n"), a.manager.Get(s, "p"), a.manager.Get(s, "p"))
				}
				a := newApp(t, nil, options, func(a *app) {
					a.manager.Codec = codec
					a.sessions.OnEvent("/", "put", func(_ socketio.Conn, s *plugin.Session) bool {
						a.manager.Put(s, "n", 7)
						a.manager.Put(s, "p", &shifty{1, 2})
						return true
					})
					a.sessions.OnEvent("/", "save", func(_ socketio.Conn, s *plugin.Session) (string, error) {
						a.manager.Put(s, "n", 7)
						a.manager.Put(s, "p", &shifty{1, 2})
						err := s.Save()
						return show(a, s), err
					})
					a.sessions.OnEvent("/", "show", func(_ socketio.Conn, s *plugin.Session) string { return show(a, s) })
				})
				cookie := a.login("alice")
				c := a.visitor(cookie)
				c.Ask("put")
				before := c.Ask("show").String()
				saved := c.Ask("save").String()
				a.get(cookie, "/put?other=1")
				if after := c.Ask("show").String(); before != after || saved != after {
					t.Errorf("shown as %s, after Save as %s, and as %s when a request had written", before, saved, after)
				}
			})
		}
	})
}
