package plugin

import (
	"net/http"
	"strings"
)

// A Cutter cuts the session's token out of a request. It returns "" if the request
// carries none. It gets the handshake, with its auth payload as headers. On our own
// transports it also gets every later request of the connection, which must carry the
// same token. It is called concurrently, must return at once, and must not read the
// body.
type Cutter func(*http.Request) string

// FromCookie returns a Cutter that reads the cookie of the given name. The default is
// FromCookie(manager.Cookie.Name). If a request has several such cookies with different
// values, the client is refused with [CodeAmbiguousCookie]; a Cutter of your own decides
// for itself.
func FromCookie(name string) Cutter {
	return func(r *http.Request) string { return cutCookie(r, name) }
}

// FromHeader returns a Cutter that reads the header of the given name, for
// clients that keep no cookies.
func FromHeader(name string) Cutter {
	return func(r *http.Request) string { return r.Header.Get(name) }
}

// FirstOf returns a Cutter that calls the given ones in turn, and returns the first
// token that is not "".
func FirstOf(cutters ...Cutter) Cutter {
	return func(r *http.Request) string {
		for _, cut := range cutters {
			if token := cut(r); token != "" {
				return token
			}
		}
		return ""
	}
}

// ambiguous, followed by the name of the cookie, is what FromCookie returns for a
// request that has several values of it. It is no token: no cookie can hold it.
const ambiguous = "\x00ambiguous "

// cutCookie returns the value of a cookie, "" if there is none. If there are
// several different values, nobody knows which is the app's: a neighbour under the
// same domain can set one for a longer path, which comes first.
func cutCookie(r *http.Request, name string) string {
	cookies := r.CookiesNamed(name)
	if len(cookies) == 0 {
		return ""
	}
	for _, other := range cookies[1:] {
		if other.Value != cookies[0].Value {
			return ambiguous + name
		}
	}
	return cookies[0].Value
}

// noSession returns why a cutter's result is no token, nil if it may be one.
func noSession(token string) *Refusal {
	switch {
	case token == "":
		return refusal(CodeNoCookie)
	case strings.HasPrefix(token, ambiguous):
		return refusal(CodeAmbiguousCookie)
	}
	return nil
}
