package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// A visitor is a browser with a session and a socket, of Engine.IO 3.
type visitor struct {
	token string
	from  net.IP        // its address; nil: any
	waits time.Duration // for each half of a connect; 0: 5 s
	ws    *websocket.Conn
	lost  atomic.Bool // the socket has ended
	acks  chan string // the payloads of acknowledgements
}

// connect opens the socket. Its goroutine ends with it.
func (v *visitor) connect(addr string) error {
	patience := cmp.Or(v.waits, 5*time.Second)
	dialer := websocket.Dialer{HandshakeTimeout: patience, ReadBufferSize: 512, WriteBufferSize: 512}
	if v.from != nil {
		dialer.NetDialContext = (&net.Dialer{LocalAddr: &net.TCPAddr{IP: v.from}}).DialContext
	}
	ws, answer, err := dialer.Dial("ws://"+addr+"/socket.io/?EIO=3&transport=websocket", http.Header{"Cookie": {"session=" + v.token}})
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
	case <-time.After(patience):
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

// ask sends an event, and returns the number that it is acknowledged with.
func (v *visitor) ask(event string) (int, error) {
	if err := v.ws.WriteMessage(websocket.TextMessage, []byte(`421["`+event+`"]`)); err != nil {
		return 0, err
	}
	select {
	case ack := <-v.acks: // "" when the socket has ended
		var said []int
		if err := json.Unmarshal([]byte(ack), &said); err != nil || len(said) != 1 {
			return 0, fmt.Errorf("%s: acknowledged %.100q", event, ack)
		}
		return said[0], nil
	case <-time.After(10 * time.Second):
		_ = v.ws.Close()
		return 0, errors.New(event + ": not acknowledged")
	}
}
