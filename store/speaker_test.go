package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/alexedwards/scs/v2"
	"github.com/gomodule/redigo/redis"

	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// Notes of what was said survive JSON. A note of a later version, or of an unknown kind,
// becomes Missed.
func TestSaidNotes(t *testing.T) {
	t.Parallel()
	note := store.Note{From: "me", Event: store.Event{ID: "id", Kind: store.Said, Data: json.RawMessage(`{"a":"<ü>"}`)}}
	b, err := json.Marshal(note)
	if err != nil {
		t.Fatal(err)
	}
	missed := store.Note{From: "me", Event: store.Event{ID: "id", Kind: store.Missed}}
	for _, row := range []struct {
		name, note string
		want       store.Note
	}{
		{"as it is", string(b), note},
		{"a later version", strings.Replace(string(b), `"v":1`, `"v":2`, 1), missed},
		{"a later kind", strings.Replace(string(b), `"said"`, `"sung"`, 1), missed},
	} {
		var got store.Note
		if err := json.Unmarshal([]byte(row.note), &got); err != nil {
			t.Errorf("%s: %v", row.name, err)
		}
		row.want.Event.Data, got.Event.Data = compact(t, row.want.Event.Data), compact(t, got.Event.Data)
		if !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: got %v, want %v", row.name, got, row.want)
		}
	}
}

func compact(t *testing.T, data json.RawMessage) json.RawMessage {
	t.Helper()
	if data == nil {
		return nil
	}
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// mute is a backend whose Say fails.
type mute struct{ *store.Memory }

var errMute = errors.New("mute")

func (mute) Say(context.Context, store.Note) error { return errMute }

// Say returns an error if the backend fails.
func TestSayFails(t *testing.T) {
	t.Parallel()
	id := store.ID("token")
	s := store.Attach(scs.New(), mute{store.NewMemory()}, store.Options{}).Core()
	if err := s.Say(t.Context(), nil, id, json.RawMessage(`1`)); !errors.Is(err, errMute) {
		t.Errorf("got %v", err)
	}
	server := storetest.Redis(t)
	s = store.Attach(scs.New(), redisstore.New(server.Pool()), store.Options{}).Core()
	if err := s.Say(t.Context(), nil, id, json.RawMessage(`1`)); err != nil {
		t.Error(err)
	}
	server.Stop()
	if err := s.Say(t.Context(), nil, id, json.RawMessage(`1`)); err == nil {
		t.Error("no error without a server")
	}
}

// Say sends nothing for an invalid id: other processes could not read the note.
func TestSayToNoID(t *testing.T) {
	t.Parallel()
	pool := storetest.Redis(t).Pool()
	s := store.Attach(scs.New(), redisstore.New(pool), store.Options{}).Core()
	conn := redis.PubSubConn{Conn: pool.Get()}
	defer conn.Close()
	if err := conn.PSubscribe("*"); err != nil {
		t.Fatal(err)
	}
	_ = conn.Receive() // that it has subscribed
	id := store.ID("key")
	for _, id := range []string{"", `a"b`, "a\x00b", "ü", "*", "a\x7f\u2028", id} {
		if err := s.Say(t.Context(), nil, id, json.RawMessage(`1`)); err != nil {
			t.Fatal(err)
		}
	}
	message, ok := conn.Receive().(redis.Message)
	var note store.Note
	if err := json.Unmarshal(message.Data, &note); !ok || err != nil || note.Event.ID != id {
		t.Errorf("published %q on %q, %v", message.Data, message.Channel, err)
	}
}
