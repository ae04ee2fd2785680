package wire

import (
	"crypto/subtle"
	"net/http"
)

// An Identity says whose a connection is. The zero value binds connections to
// nobody: who knows the id has the connection.
type Identity struct {
	// Credential returns what a request identifies itself by, "" for nothing.
	// A request that names a connection must have the credential of the
	// handshake, unless the handshake had none.
	Credential func(*http.Request) string

	// Ended tells whether what a credential stood for has ended. A browser
	// that has lost its credential for this reason may still fetch the last
	// packets of its connection.
	Ended func(credential string) bool
}

// credentialOf returns what a request identifies itself by, "" for nothing.
func (i *Identity) credentialOf(r *http.Request) string {
	if i.Credential == nil {
		return ""
	}
	return i.Credential(r)
}

// hasEnded tells whether what a credential stood for has ended.
func (i *Identity) hasEnded(credential string) bool {
	return i.Ended != nil && i.Ended(credential)
}

// matches tells whether a request comes from who has the credential. A
// connection without one belongs to whoever knows its id.
func (i *Identity) matches(r *http.Request, credential string) bool {
	if credential == "" {
		return true
	}
	return subtle.ConstantTimeCompare([]byte(i.credentialOf(r)), []byte(credential)) == 1
}
