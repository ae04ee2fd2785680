package rawclient_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/rawclient"
)

func TestPayload(t *testing.T) {
	t.Parallel()
	packets := append(rawclient.Text(`451-["a",{"_placeholder":true,"num":0}]`, "2"), rawclient.Packet{Binary: true, Data: []byte{0, 255}})
	for version, want := range map[int]string{
		3: `39:451-["a",{"_placeholder":true,"num":0}]1:26:b4AP8=`,
		4: `451-["a",{"_placeholder":true,"num":0}]` + "\x1e2\x1ebAP8=",
	} {
		body := string(rawclient.AppendPayload(nil, version, packets...))
		if body != want {
			t.Errorf("version %d: got %q, want %q", version, body, want)
		}
		if got, err := rawclient.ParsePayload(body, version); err != nil || !reflect.DeepEqual(got, packets) {
			t.Errorf("version %d: got %v, %v", version, got, err)
		}
	}
	if got := string(rawclient.AppendPayload(nil, 3, rawclient.Text("42[\"é😀\xff\"]")...)); got != `30:42["\u00e9\ud83d\ude00\ufffd"]` {
		t.Errorf("got %s", got)
	}
	for _, body := range []string{"", "x", "3:42", "-1:4", "0:", "4:b4!!"} {
		if got, err := rawclient.ParsePayload(body, 3); err == nil {
			t.Errorf("%q: got %v", body, got)
		}
	}
}

// A script answers GETs of polling clients with its lines, and then says that
// it knows nobody.
func script(t *testing.T, lines ...string) *rawclient.Client {
	t.Helper()
	lines = append([]string{`0{"sid":"x"}`}, lines...)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost:
		case len(lines) == 0:
			http.Error(w, "unknown", http.StatusBadRequest)
		default:
			_, _ = io.WriteString(w, lines[0])
			lines = lines[1:]
		}
	}))
	t.Cleanup(web.Close)
	c := &rawclient.Client{TB: t, URL: web.URL, Transport: rawclient.Polling, Version: 4, HTTP: web.Client()}
	c.MustOpen()
	return c
}

// A recorder is a test that keeps why it has failed.
type recorder struct {
	testing.TB
	why []string
}

func (r *recorder) Helper() {}

func (r *recorder) Fatalf(format string, args ...any) {
	r.why = append(r.why, fmt.Sprintf(format, args...))
	runtime.Goexit()
}

// What does not come as it should fails the test with one line, which says what
// came and what should have.
func TestFailures(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		lines []string
		do    func(*rawclient.Client)
		want  string
	}{
		"another packet":  {[]string{"2\x1e6\x1e40"}, func(c *rawclient.Client) { c.Hear("41") }, `got "40", <nil>, want "41"`},
		"the end":         {[]string{"1"}, func(c *rawclient.Client) { c.Hear("41*") }, `got "", EOF, want "41*"`},
		"no end":          {[]string{"40"}, func(c *rawclient.Client) { c.HearEnd() }, `got "40", <nil>, want the end`},
		"no payload":      {[]string{"40\x1e\x1e"}, func(c *rawclient.Client) { c.HearEnd() }, `got "", GET "URL": broken payload: an empty packet, want the end`},
		"no answer":       {[]string{"42/chat,[]"}, func(c *rawclient.Client) { c.Ask("/chat", `["a"]`) }, `answer "42/chat,[]", <nil> to ["a"]`},
		"not in":          {[]string{"44/chat,{}"}, func(c *rawclient.Client) { c.Enter("/chat") }, `got "44/chat,{}", <nil>, want "40/chat*"`},
		"nothing skipped": {[]string{"40", "1"}, func(c *rawclient.Client) { c.SkipTo("42") }, `waiting for "42": EOF`},
		"refused":         {nil, func(c *rawclient.Client) { c.ID = ""; c.MustOpen() }, "the handshake: status 400: unknown\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, r := script(t, row.lines...), &recorder{TB: t}
			c.TB = r
			over := make(chan struct{})
			go func() { defer close(over); row.do(c) }()
			<-over
			if got := strings.ReplaceAll(strings.Join(r.why, "\n"), c.Address(), "URL"); got != row.want {
				t.Errorf("it has failed with %q, want %q", got, row.want)
			}
		})
	}
}

// A client reads what is there, in order, and knows the end of a connection.
func TestReads(t *testing.T) {
	t.Parallel()
	c := script(t, `40{"sid":"y"}`+"\x1e2\x1e6", `42["a",1]`+"\x1ebAA==", `431["yes"]`)
	c.Enter("/")
	c.Hear(`42["a",*`, "b:\x00")
	if got := c.Ask("/", `["a"]`); got != `["yes"]` {
		t.Errorf("got %s", got)
	}
	_, err := c.Next()
	var refused *rawclient.StatusError
	if !rawclient.Ended(err) || !errors.As(err, &refused) || refused.Status != http.StatusBadRequest {
		t.Errorf("got %v, want the end by status 400", err)
	}
	c.URL = "http://127.0.0.1:0/"
	if _, err := c.Next(); err == nil || rawclient.Ended(err) {
		t.Errorf("got %v, want that there is no answer", err)
	}
}

// Over a websocket the bytes of version 3's attachments have a type in front.
func TestWebsocket(t *testing.T) {
	t.Parallel()
	for version, want := range map[int]string{3: "\x04ab", 4: "ab"} {
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ws, err := new(websocket.Upgrader).Upgrade(w, r, nil)
			if err != nil {
				t.Error(err)
				return
			}
			defer ws.Close()
			_ = ws.WriteMessage(websocket.TextMessage, []byte(`0{"sid":"x"}`))
			kind, b, err := ws.ReadMessage()
			if kind != websocket.BinaryMessage || string(b) != want {
				t.Errorf("version %d: got %q, %v", version, b, err)
			}
			_ = ws.WriteMessage(kind, b)
		}))
		defer web.Close()
		c := &rawclient.Client{TB: t, URL: web.URL, Transport: rawclient.Websocket, Version: version}
		c.MustOpen()
		sent := rawclient.Packet{Binary: true, Data: []byte("ab")}
		if err := c.Send(sent); err != nil {
			t.Fatal(err)
		}
		if got, err := c.Receive(); err != nil || c.ID != "x" || got.Binary != sent.Binary || !slices.Equal(got.Data, sent.Data) {
			t.Errorf("got %v, %v of %q", got, err, c.ID)
		}
		c.HearEnd()
	}
}
