package plugin_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// ticketed are options of a node that takes tickets, also of pages at an origin
// that its cookie does not reach.
func ticketed() plugin.Options {
	return plugin.Options{
		Tickets:   true,
		Transport: transport.New(transport.Options{Logger: discard, AllowedOrigins: []string{"http://page.example"}}),
	}
}

// ticketNodes serves nodes that take tickets, each on a wire of its own.
func ticketNodes(t *testing.T, n int, b shared, setup func(*app)) (nodes []node) {
	t.Helper()
	for range n {
		nodes = append(nodes, newNodes(t, 1, b, ticketed(), setup)...)
	}
	return nodes
}

// ticket asks for one, as the page does.
func (a *app) ticket(cookie string) string {
	a.Helper()
	response := a.post("session-ticket", cookie)
	var issued struct {
		Ticket    string
		ExpiresIn float64
	}
	if err := json.NewDecoder(response.Body).Decode(&issued); err != nil || response.StatusCode != http.StatusOK {
		a.Fatalf("a ticket: %s, %v", response.Status, err)
	}
	if issued.ExpiresIn != 30 || len(issued.Ticket) < 26 || response.Header.Get("Cache-Control") != "no-store" {
		a.Errorf("got %+v, %v", issued, response.Header)
	}
	return issued.Ticket
}

// arrive connects with a ticket and without a cookie, from a page of another
// origin.
func (a *app) arrive(k kind, ticket string) (*client, int) {
	a.Helper()
	c := a.client(k, http.Header{"Origin": {"http://page.example"}})
	c.Query += "&ticket=" + ticket
	if status := c.open(); status != http.StatusOK {
		return nil, status
	}
	return c, http.StatusOK
}

func (a *app) arrived(k kind, ticket string) *client {
	a.Helper()
	c, status := a.arrive(k, ticket)
	if c == nil {
		a.Fatalf("the handshake got %d", status)
	}
	c.Connect("/", "")
	return c
}

// Tickets: a page whose cookie cannot reach the socket comes in with
// one, over every wire, on another node than it was issued on; it works once,
// and all requests of that connection go on with it.
func TestTicket(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, b shared) {
		nodes := ticketNodes(t, 2, b, register)
		cookie := nodes[0].login("alice")
		for _, k := range []kind{{overWebsocket, 3}, {overPolling, 3}, {overWebsocket, 4}, {overPolling, 4}} {
			ticket := nodes[0].ticket(cookie)
			c := nodes[1].arrived(k, ticket)
			c.enters("/")
			if got := c.ask(`["id"]`); got != `["`+idOf(cookie)+`"]` {
				t.Errorf("got %s", got)
			}
			if got := c.ask(`["put","k","v"]`); got != `[true]` {
				t.Errorf("got %s", got)
			}
			for _, n := range nodes {
				if got := n.arrived(k, ticket).whyNot(); got != "unknown" {
					t.Errorf("a second time got %q", got)
				}
			}
			c.still("alice")
			if k.transport == overPolling && k.version == 3 {
				if !c.upgradeWith(c.Header) {
					t.Error("the upgrade failed")
				}
				c.still("alice")
			}
			c.HangUp()
		}
		eventually(t, "the changes are saved", func() bool { return nodes[0].stored(cookie)["k"] == "v" })
		c := nodes[1].arrived(kind{overWebsocket, 3}, nodes[0].ticket(cookie))
		c.enters("/")
		nodes[0].get(cookie, "/destroy")
		if got := c.farewells(); got != "!destroyed" {
			t.Errorf("at the logout it heard %q", got)
		}
	})
}

// A ticket is issued to a page that may connect and has a session, by a node that
// has them, and to nobody else.
func TestTicketIsNotIssued(t *testing.T) {
	t.Parallel()
	a := ticketNodes(t, 1, store.NewMemory(), register)[0]
	cookie := a.login("alice")
	for _, row := range []struct {
		name, method, cookie string
		header               []string
		status               int
		code                 string
	}{
		{"no cookie", "POST", "", nil, 401, "no_cookie"},
		{"no session", "POST", "session=nobody", nil, 401, "unknown"},
		{"GET", "GET", cookie, nil, 405, ""},
		{"HEAD", "HEAD", cookie, nil, 405, ""},
		{"OPTIONS of another origin", "OPTIONS", cookie, []string{"Origin", "http://evil.example"}, 403, ""},
		{"another origin", "POST", cookie, []string{"Origin", "http://evil.example"}, 403, ""},
		{"no origin at all", "POST", cookie, []string{"Origin", "null"}, 403, ""},
		{"cross-site", "POST", cookie, []string{"Sec-Fetch-Site", "cross-site"}, 403, ""},
		{"same-site", "POST", cookie, []string{"Sec-Fetch-Site", "same-site"}, 403, ""},
		{"the page itself", "POST", cookie, []string{"Origin", a.url, "Sec-Fetch-Site", "same-origin"}, 200, ""},
	} {
		response := a.ask(row.method, "session-ticket", "", row.cookie, row.header...)
		var why plugin.Refusal
		if row.code != "" {
			if err := json.NewDecoder(response.Body).Decode(&why); err != nil {
				t.Errorf("%s: %v", row.name, err)
			}
		}
		if response.StatusCode != row.status || why.Code != row.code || cookieIn(response) != "" {
			t.Errorf("%s: got %s, %q", row.name, response.Status, why.Code)
		}
		if response.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: another origin may read it", row.name)
		}
	}
	a.get(cookie, "/destroy")
	if response := a.post("session-ticket", cookie); response.StatusCode != 401 {
		t.Errorf("after the logout: got %s", response.Status)
	}
	a.link.fail(true)
	if response := a.post("session-ticket", cookie); response.StatusCode != 503 {
		t.Errorf("without a store: got %s", response.Status)
	}
	a.link.fail(false)

	plain := newApp(t, nil, plugin.Options{}, register)
	cookie = plain.login("alice")
	if response := plain.post("session-ticket", cookie); response.StatusCode == http.StatusOK {
		t.Error("a node without tickets issued one")
	}
}

// A ticket is refused when its 30 s are over, when its session has ended, at
// another origin, and for who has only the connection's id; what is no handshake
// does not use it up.
func TestTicketIsRefused(t *testing.T) {
	t.Parallel()
	b := &aging{Memory: store.NewMemory(), once: make(map[string][]byte)}
	a, elsewhere := newApp(t, b, ticketed(), register), newApp(t, b, ticketed(), register)
	cookie := a.login("alice")
	k := kind{overPolling, 3}
	late := a.ticket(cookie)
	for _, life := range b.age(t) {
		if life > 30*time.Second || life < 25*time.Second {
			t.Errorf("it was to live for %v", life)
		}
	}
	for _, ticket := range []string{late, "made-up", strings.Repeat("x", 10_000), tokenIn(cookie)} {
		if got := a.arrived(k, ticket).whyNot(); got != "unknown" {
			t.Errorf("the ticket %.20q got %q", ticket, got)
		}
	}
	ended := a.login("bob")
	ticket := a.ticket(ended)
	a.get(ended, "/destroy")
	if got := a.arrived(k, ticket).whyNot(); got != "destroyed" {
		t.Errorf("after the logout: got %q", got)
	}
	ticket = a.ticket(cookie)
	address := "?EIO=3&transport=polling&ticket=" + ticket
	for _, try := range []struct {
		name, method string
		header       []string
		status       int
	}{
		{"a preflight", http.MethodOptions, []string{"Origin", "http://page.example"}, 204},
		{"HEAD", http.MethodHead, nil, 400},
		{"POST", http.MethodPost, nil, 400},
		{"another origin", http.MethodGet, []string{"Origin", "http://evil.example"}, 403},
		{"cross-site", http.MethodGet, []string{"Sec-Fetch-Site", "cross-site"}, 403},
	} {
		if response := elsewhere.ask(try.method, address, "", "", try.header...); response.StatusCode != try.status {
			t.Errorf("%s: got %s", try.name, response.Status)
		}
	}
	c := a.arrived(k, ticket)
	c.enters("/")
	for _, row := range []struct{ name, query, cookie string }{
		{"only the id", "", ""},
		{"the id and the cookie", "", cookie},
		{"the id and another ticket", "&ticket=" + a.ticket(cookie), cookie},
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			url := "?EIO=3&transport=polling&sid=" + c.ID + row.query
			if response := a.ask(method, url, "", row.cookie, "Origin", "http://page.example"); response.StatusCode != http.StatusForbidden {
				t.Errorf("%s: got %s", row.name, response.Status)
			}
		}
	}
	c.still("alice")
}

// Of many who come with one ticket at once, one is let in.
func TestTicketRace(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, b shared) {
		nodes := ticketNodes(t, 2, b, register)
		cookie := nodes[0].login("alice")
		for range 5 {
			ticket := nodes[0].ticket(cookie)
			var all sync.WaitGroup
			l := &ledger{}
			for i := range 6 {
				all.Go(func() {
					c := nodes[i%2].arrived(kind{overWebsocket, 3}, ticket)
					if got := c.read(); strings.HasPrefix(got, "40") {
						l.add("in")
					} else if !strings.Contains(got, `"unknown"`) {
						t.Errorf("got %s", got)
					}
				})
			}
			all.Wait()
			if n := l.count("in"); n != 1 {
				t.Errorf("%d of 6 were let in", n)
			}
		}
	})
}
