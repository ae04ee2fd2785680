package wire

import (
	"net/http"
	"strings"
	"testing"
)

// The handshake of a namespace has the auth payload in its headers. Such headers
// from the client itself are dropped.
func TestAuth(t *testing.T) {
	t.Parallel()
	h := newHost(t, Options{}, nil)
	forged := http.Header{
		"Socket-Io-Auth": {`{"token":"forged"}`}, "Socket-Io-Auth-Token": {"forged"}, "socket-io-auth-token": {"forged"},
		"Cookie": {"a=b"}, "X-Custom": {"c"},
	}
	_, body, _ := h.request(http.MethodGet, h.url(namePolling, 4)+"&x=y", forged)
	c := h.caller(namePolling, 4)
	c.ID = idOf(body)
	conn := h.conn(c)
	h.say(c, `40{ "token" : "root", "n": 1, "Äöü": "x", "": "empty" }`, `40/chat,{"token":"chat"}`)
	h.hear(c, connected("/", 4), connected("/chat", 4))
	for namespace, want := range map[string][2]string{
		"/": {`{"token":"root","n":1,"Äöü":"x","":"empty"}`, "root"}, "/chat": {`{"token":"chat"}`, "chat"}, "/nosuch": {"", ""},
	} {
		r := conn.Request(namespace)
		if got := [2]string{r.Header.Get(AuthHeader), r.Header.Get(AuthHeader + "-Token")}; got != want {
			t.Errorf("%s: got %q, want %q", namespace, got, want)
		}
		if r.Header.Get("Cookie") != "a=b" || r.Header.Get("X-Custom") != "c" || r.URL.Query().Get("x") != "y" {
			t.Errorf("%s: the handshake's own is missing: %v", namespace, r.Header)
		}
	}
	if got := conn.RemoteHeader(); got.Get(AuthHeader) != "" || got.Get("Cookie") != "a=b" {
		t.Errorf("RemoteHeader has %v", got)
	}
	h.say(c, "41/chat", "40/chat")
	h.hear(c, connected("/chat", 4))
	if got := conn.Request("/chat").Header.Get(AuthHeader); got != "" {
		t.Errorf("after a second CONNECT without auth: %s", got)
	}
}

// The size of the auth payload is bounded.
func TestAuthLimit(t *testing.T) {
	t.Parallel()
	h := newHost(t, Options{Logger: quiet}, nil)
	c := h.dial(nameWebsocket, 4)
	conn := h.conn(c)
	h.say(c, `40{"token":"`+strings.Repeat("x", maxAuth-len(`{"token":""}`))+`"}`)
	h.hear(c, connected("/", 4))
	_ = c.Try(`40/chat,{"token":"` + strings.Repeat("x", maxAuth) + `"}`)
	<-conn.Done()
	if conn.Reason() != ReasonError {
		t.Errorf("it has ended for %q", conn.Reason())
	}
}

// query returns the query string with which the client has asked for a namespace.
// For the root of version 3 it is the handshake's.
func (c *Conn) query(namespace string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.namespaces.find([]byte(namespace)); s != nil {
		return s.query
	}
	return ""
}

// The query of the root of version 3 is that of the handshake, and otherwise that of
// CONNECT.
func TestQuery(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, version int) {
		h := newHost(t, Options{}, nil)
		c := h.polling(version, "&x=y")
		if version == 4 {
			h.say(c, "40/?p=q,")
		}
		h.say(c, "40/chat?a=b?c&d,{}")
		h.hear(c, connected("/", version), connected("/chat", version))
		conn := h.conn(c)
		root := map[int]string{3: "&x=y", 4: "p=q"}[version]
		if got := conn.query("/"); !strings.HasSuffix(got, root) {
			t.Errorf("root: %q", got)
		}
		if got := conn.query("/chat"); got != "a=b?c&d" {
			t.Errorf("chat: %q", got)
		}
		if got := conn.query("/nosuch"); got != "" {
			t.Errorf("nosuch: %q", got)
		}
	})
}

// A payload with two members of one header ends the connection: code that checks
// one could read the other.
func TestAuthNamesFold(t *testing.T) {
	t.Parallel()
	for payload, may := range map[string]bool{
		`{"token":"a","Token":"b"}`:               false,
		`{"token":"a","x":1,"TOKEN":"a"}`:         false,
		`{"token":"a","token":"a"}`:               false,
		`{"\u0074oken":"a","token":"b"}`:          false,
		`{"token":1,"Token":"b"}`:                 false,
		`{"token":"a","Token":{}}`:                false,
		`{"a-b":"a","A-B":"b"}`:                   false,
		`{"token":"a","tokens":"b","to-ken":""}`:  true,
		`{"token":"a","n":{"token":1,"Token":2}}`: true,
		`{"ä":"a","Ä":"b"}`:                       true,
		`{}`:                                      true,
	} {
		for _, namespace := range []string{"", "/chat,"} {
			t.Run(namespace+payload, func(t *testing.T) {
				t.Parallel()
				kinds(t, func(t *testing.T, transport string, version int) {
					if version == 3 {
						return // it has no payload
					}
					h := newHost(t, Options{Logger: quiet}, nil)
					c := h.dial(transport, version)
					conn := h.conn(c)
					if may {
						h.say(c, "40"+namespace+payload)
						h.hear(c, connected(strings.TrimSuffix("/"+strings.TrimPrefix(namespace, "/"), ","), version))
						return
					}
					_ = c.Try("40" + namespace + payload)
					<-conn.Done()
					if conn.Reason() != ReasonError {
						t.Errorf("it has ended for %q", conn.Reason())
					}
				})
			})
		}
	}
}
