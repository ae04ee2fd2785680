package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// A visitor is a browser with a session and a socket, of Engine.IO 3.
type visitor struct {
	addr, cookie string
	ws           *websocket.Conn
	lost         atomic.Bool // the socket has ended
	acks         chan string // the payloads of acknowledgements
}

// visit starts a session.
func visit(addr string) (*visitor, error) {
	answer, err := http.Get("http://" + addr + "/")
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	for _, c := range answer.Cookies() {
		if c.Name == "session" {
			return &visitor{addr: addr, cookie: "session=" + c.Value}, nil
		}
	}
	return nil, fmt.Errorf("no cookie: %s", answer.Status)
}

func (v *visitor) token() string { return strings.TrimPrefix(v.cookie, "session=") }

// connect opens the socket. Its goroutines end with it.
func (v *visitor) connect() error {
	dialer := websocket.Dialer{HandshakeTimeout: 5 * time.Second, ReadBufferSize: 512, WriteBufferSize: 512}
	ws, answer, err := dialer.Dial("ws://"+v.addr+"/socket.io/?EIO=3&transport=websocket", http.Header{"Cookie": {v.cookie}})
	if answer != nil {
		_ = answer.Body.Close()
	}
	if err != nil {
		return err
	}
	v.ws, v.acks = ws, make(chan string, 1)
	v.lost.Store(false)
	in := make(chan error, 1)
	go v.read(ws, v.acks, in)
	select {
	case err := <-in:
		return err
	case <-time.After(5 * time.Second):
		_ = ws.Close()
		return errors.New("not let in")
	}
}

// read reports on in that the server has let the socket in, and passes on
// acknowledgements.
func (v *visitor) read(ws *websocket.Conn, acks chan<- string, in chan<- error) {
	defer ws.Close()
	defer close(acks)
	defer v.lost.Store(true)
	for {
		_, b, err := ws.ReadMessage()
		text := string(b)
		switch {
		case err != nil:
			in <- err
			return
		case text == "40":
			in <- nil
			in = make(chan error, 1)
		case strings.HasPrefix(text, "43"):
			acks <- text[strings.IndexByte(text, '['):]
		case strings.HasPrefix(text, "42[\"sinvalid\"") || text == "41":
			return
		}
	}
}

// beat keeps the socket alive.
func (v *visitor) beat() { _ = v.ws.WriteMessage(websocket.TextMessage, []byte("2")) }

// count sends the event message, which adds one, and returns what the server counts then.
func (v *visitor) count() (int, error) {
	if err := v.ws.WriteMessage(websocket.TextMessage, []byte(`421["message","x"]`)); err != nil {
		return 0, err
	}
	select {
	case ack, ok := <-v.acks:
		var said []struct {
			Pings int    `json:"pings"`
			Code  string `json:"code"`
		}
		if err := json.Unmarshal([]byte(ack), &said); !ok || err != nil || len(said) != 1 || said[0].Code != "" {
			return 0, fmt.Errorf("acknowledged %.100s", ack)
		}
		return said[0].Pings, nil
	case <-time.After(10 * time.Second):
		_ = v.ws.Close()
		return 0, errors.New("not acknowledged")
	}
}

// stored returns what the session in the store has counted.
func (v *visitor) stored() (int, error) {
	r, err := http.NewRequest(http.MethodGet, "http://"+v.addr+"/session", nil)
	if err != nil {
		return 0, err
	}
	r.Header.Set("Cookie", v.cookie)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	var session struct {
		Values struct {
			Pings int `json:"pings"`
		} `json:"values"`
	}
	return session.Values.Pings, json.NewDecoder(answer.Body).Decode(&session)
}

// logout ends the session.
func (v *visitor) logout() error {
	r, err := http.NewRequest(http.MethodPost, "http://"+v.addr+"/logout", strings.NewReader(url.Values{}.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Cookie", v.cookie)
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return err
	}
	return answer.Body.Close()
}
