package store

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// OncePrefix begins the store keys of claims and tickets, which a [Backend] keeps
// for one use. No token contains a colon, so none of them names a session. A backend
// whose sessions other programs list must keep these entries elsewhere.
const OncePrefix = "once:"

// ID returns the public name of the session under a store key. Logs, events and
// pages may show it: it does not lead back to the token.
func ID(key string) string { return hash(key) }

// hash is SCS's hash of a token, which is the store key under HashTokenInStore.
func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// isID reports whether ID can have made an id. Backends rely on that: they put ids
// into channel names and JSON as they are.
func isID(id string) bool {
	return id != "" && !strings.ContainsFunc(id, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
	})
}

func isOnce(key string) bool { return strings.HasPrefix(key, OncePrefix) }

// onceKey returns the store key of a claim or ticket. It hides the name, and is as
// long as a token: some SCS stores have no room for more.
func onceKey(name string) string { return (OncePrefix + hash(name))[:43] }
