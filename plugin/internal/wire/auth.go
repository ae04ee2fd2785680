package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// AuthHeader is the header under which [Conn.Request] shows the auth payload of
// clients of version 4. A member that is a string has a header of its own:
// {"token": "x"} is also "Socket-Io-Auth-Token: x". Headers of these names that
// a client sends are dropped, and a payload with both "token" and "Token", which
// are one header, ends its connection.
const AuthHeader = "Socket-Io-Auth"

// Request returns the handshake as the given namespace was asked for: with its
// auth payload. What it holds is shared: do not change it.
func (c *Conn) Request(namespace string) *http.Request {
	c.mu.Lock()
	var auth []byte
	if s := c.spaces.find([]byte(namespace)); s != nil {
		auth = s.auth
	}
	c.mu.Unlock()
	header := c.handshake.header
	if auth != nil {
		header = header.Clone()
		addAuth(header, auth)
	}
	return c.handshake.request(header)
}

// addAuth adds a payload, which is a JSON object.
func addAuth(header http.Header, auth []byte) {
	var line bytes.Buffer
	if json.Compact(&line, auth) != nil {
		return
	}
	header.Set(AuthHeader, line.String())
	var members map[string]any
	if json.Unmarshal(auth, &members) != nil {
		return
	}
	for name, value := range members {
		if text, ok := value.(string); ok {
			header.Set(AuthHeader+"-"+name, text)
		}
	}
}

// checkAuth fails for a payload, which is a JSON object, with members that are one
// header: who reads one and checks another would be fooled.
func checkAuth(payload []byte) error {
	members := json.NewDecoder(bytes.NewReader(payload))
	if _, err := members.Token(); err != nil {
		return errJSON
	}
	seen := make(map[string]bool)
	for members.More() {
		name, err := members.Token()
		if err != nil {
			return errJSON
		}
		header := http.CanonicalHeaderKey(AuthHeader + "-" + fmt.Sprint(name))
		if seen[header] {
			return errAuthNames
		}
		seen[header] = true
		var value json.RawMessage
		if err := members.Decode(&value); err != nil {
			return errJSON
		}
	}
	return nil
}

func stripAuth(header http.Header) {
	for name := range header {
		if strings.HasPrefix(name, AuthHeader) {
			delete(header, name)
		}
	}
}

// Query returns what stood behind ? when the client asked for a namespace; for
// the root, in version 3, that of the handshake.
func (c *Conn) Query(namespace string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.spaces.find([]byte(namespace)); s != nil {
		return s.query
	}
	return ""
}
