package main

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/googollee/go-socket.io/engineio"
	"github.com/googollee/go-socket.io/engineio/transport"
	"github.com/googollee/go-socket.io/engineio/transport/polling"
	"github.com/googollee/go-socket.io/engineio/transport/websocket"
)

// engineOptions makes stock transports as safe as they can be.
func engineOptions(trusted origins) *engineio.Options {
	return &engineio.Options{
		SessionIDGenerator: randomIDs{},
		// A transport may be upgraded to those that follow it. The stock
		// upgrade from polling loses packets, so nothing follows polling.
		Transports: []transport.Transport{
			&websocket.Transport{CheckOrigin: trusted.mayConnect},
			&polling.Transport{CheckOrigin: trusted.needCORS},
		},
	}
}

// randomIDs names connections so that nobody guesses the next one: the stock
// generator counts.
type randomIDs struct{}

func (randomIDs) NewID() string { return rand.Text() } // at least 128 bits

// origins are those that may connect besides our own.
type origins []string

// mayConnect admits pages of our own origin, of the trusted ones, and clients
// that are no browser.
func (o origins) mayConnect(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || o.needCORS(r) {
		return true
	}
	from, err := url.Parse(origin)
	return err == nil && strings.EqualFold(from.Host, r.Host)
}

// needCORS reports whether the request comes from a trusted origin, whose page
// may then read the answer.
func (o origins) needCORS(r *http.Request) bool {
	return slices.Contains(o, r.Header.Get("Origin"))
}
