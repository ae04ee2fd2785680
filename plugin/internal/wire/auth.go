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
