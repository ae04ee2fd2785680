package wire

import (
	"crypto/subtle"
	"net/http"
)

// An Identity tells whose a connection is. With the zero value, a connection belongs
// to whoever knows its id.
type Identity struct {
	// Credential returns the credential of a request, "" for none. Every request
	// for a connection must have the credential of its handshake, unless the
	// handshake had none.
	Credential func(*http.Request) string

	// Ended reports whether a credential has ended. A browser has then lost it,
	// and may still fetch the last packets of its connection.
	Ended func(credential string) bool
}

// credentialOf returns the credential of a request, "" for none.
func (i *Identity) credentialOf(r *http.Request) string {
	if i.Credential == nil {
		return ""
	}
	return i.Credential(r)
}

// hasEnded reports whether a credential has ended.
func (i *Identity) hasEnded(credential string) bool {
	return i.Ended != nil && i.Ended(credential)
}

// matches reports whether a request has a connection's credential. Every request
// matches a connection without one.
func (i *Identity) matches(r *http.Request, credential string) bool {
	if credential == "" {
		return true
	}
	return subtle.ConstantTimeCompare([]byte(i.credentialOf(r)), []byte(credential)) == 1
}
