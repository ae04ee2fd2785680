package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// An ear is a Listener and what it has heard.
type ear struct {
	*store.Listener
	heard chan string
}

func (n *node) ear(t *testing.T, topics ...string) ear {
	t.Helper()
	heard := make(chan string, 1000)
	e := ear{n.core.Listen(func(data json.RawMessage) { heard <- string(data) }), heard}
	t.Cleanup(e.Close)
	for _, topic := range topics {
		if !e.Join(topic) {
			t.Errorf("it had joined %s", topic)
		}
		if !e.Await(topic, 10*time.Second) {
			t.Fatal("the topic is not heard")
		}
	}
	return e
}

// want fails the test unless the next that is heard is this.
func (e ear) want(t *testing.T, want string) {
	t.Helper()
	select {
	case got := <-e.heard:
		if got != want {
			t.Errorf("heard %.200s, want %.200s", got, want)
		}
	case <-time.After(10 * time.Second):
		t.Fatalf("%.200s is not heard in time", want)
	}
}

// said: whoever has joined a topic hears what is said there once, in order and unchanged,
// up to a bound. Sessions stay as they are.
func (s suite) said(t *testing.T, where string) {
	t.Helper()
	maker, hearer := s.pair(t, where)
	_, tells := s.open(t).(store.Speaker)
	token := maker.login(t, values{"user": "alice"})
	id, room := maker.id(token), store.ID("room")
	watch := hearer.listen(t, maker, token)
	e, other, own := hearer.ear(t, id, room), hearer.ear(t, store.ID("another")), maker.ear(t, id, room)
	say := func(topic, data string) {
		t.Helper()
		err := maker.core.Say(t.Context(), own.Listener, topic, json.RawMessage(data))
		if tells && err != nil || !tells && !errors.Is(err, store.ErrUnheard) {
			t.Fatalf("say: %v", err)
		}
	}
	for _, data := range []string{`null`, `"x"`, `{"a":[1,"<&>","ü☃\u2028"]}`, `"` + strings.Repeat("long", 20_000) + `"`} {
		say(id, data)
		e.want(t, data)
	}
	for i := range 100 {
		say([]string{id, room}[i%2], fmt.Sprint(i))
	}
	for i := range 100 {
		e.want(t, fmt.Sprint(i))
	}
	watch.wantNothing(t)
	if got := hearer.core.Ended(id); got != "" {
		t.Errorf("Ended: %q of a session that something was said to", got)
	}
	full := `"` + strings.Repeat("x", store.MaxNoteBytes-1024) + `"`
	say(room, full)
	e.want(t, full)
	if err := maker.core.Say(t.Context(), nil, id, json.RawMessage(`"`+strings.Repeat("x", store.MaxNoteBytes)+`"`)); !errors.Is(err, store.ErrNoteTooLarge) {
		t.Errorf("too much was said, and the error is %v", err)
	}
	say(key(), `"nobody"`)
	say(store.ID("another"), `"other"`)
	other.want(t, `"other"`)
	if e.Join(id) {
		t.Error("a second Join is the first")
	}
	e.Leave(id)
	e.Leave(room)
	e.Leave(room)
	say(room, `"unheard"`)
	say(id, `"last"`)
	e.want(t, `"last"`)
	if where == "There" && len(own.heard) > 0 {
		t.Errorf("by has heard %.200s", <-own.heard)
	}
}
