package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// AuthHeader is the header in which [Conn.Request] has the auth payload of a
// version 4 client. Each string member also has its own header: {"token": "x"} is
// "Socket-Io-Auth-Token: x" too. Such headers from the client itself are dropped. A
// payload with both "token" and "Token", which are one header, ends the connection.
const AuthHeader = "Socket-Io-Auth"

// addAuth adds the headers of a payload, which is a JSON object.
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

// checkAuth refuses a payload, which is a JSON object, if two members have the same
// header. Code that checks one and reads the other could be fooled.
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

// stripAuth removes the headers of a payload.
func stripAuth(header http.Header) {
	for name := range header {
		if strings.HasPrefix(name, AuthHeader) {
			delete(header, name)
		}
	}
}
