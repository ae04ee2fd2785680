package plugintest

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// An Option says how clients connect. One that [New] or [At] gets holds for all clients
// of the server, one that [Server.Dial] gets for one.
type Option func(*settings)

// settings are what the options set.
type settings struct {
	path     string
	version  int
	polling  bool
	header   http.Header
	query    url.Values
	auth     any
	patience time.Duration
}

// Path is the resource path of Socket.IO, plugin.Options.Path. Default "/socket.io/".
func Path(path string) Option {
	path = "/" + strings.Trim(path, "/") + "/"
	return func(s *settings) { s.path = path }
}

// EIO3 makes a client speak Engine.IO 3, as socket.io-client 1.x and 2.x do. Default is
// version 4, of 3.x and 4.x. The transports of go-socket.io itself know only version 3.
// A client of version 3 sends no heartbeats: the server hangs up when its PingTimeout,
// a minute by default, has gone by in silence.
func EIO3() Option { return func(s *settings) { s.version = 3 } }

// Polling makes a client use HTTP long-polling and stay with it. Default is a websocket.
func Polling() Option { return func(s *settings) { s.polling = true } }

// Header adds a header to each request of a client, such as Origin, which clients do
// not send by default.
func Header(key, value string) Option { return func(s *settings) { s.header.Add(key, value) } }

// Query adds a parameter to the URL of each request of a client, such as a ticket.
func Query(key, value string) Option { return func(s *settings) { s.query.Add(key, value) } }

// Auth is what a client says when it asks for a namespace, as of io({auth: value}). It is
// sent as JSON. Only Engine.IO 4 has it.
func Auth(value any) Option { return func(s *settings) { s.auth = value } }

// Patience is how long each call waits for what must come, before it fails the test.
// Default 10 s. A test that passes does not wait it out.
func Patience(d time.Duration) Option { return func(s *settings) { s.patience = d } }

// with returns a copy of s with further options.
func (s settings) with(options []Option) settings {
	s.header, s.query = s.header.Clone(), url.Values(http.Header(s.query).Clone())
	for _, set := range options {
		set(&s)
	}
	return s
}

func defaults() settings {
	return settings{
		path: "/socket.io/", version: 4, header: make(http.Header), query: make(url.Values),
		patience: 10 * time.Second,
	}
}

// onlyInTests keeps the kit out of programs.
func onlyInTests() {
	if !testing.Testing() {
		panic("plugintest: this is for tests, and no test is running")
	}
}
