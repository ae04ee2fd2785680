package wire

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// origins are those that may connect besides the server's own.
type origins []string

// mayConnect tells whether a request comes from a page that may connect, or
// from no page. A browser names the page's origin, or says at least whether the
// page is of another; cookies alone do not tell.
func (o origins) mayConnect(r *http.Request) bool {
	if origins, named := r.Header["Origin"]; named {
		return len(origins) == 1 && (sameHost(origins[0], r.Host) || o.trusts(origins[0]))
	}
	site := r.Header.Get("Sec-Fetch-Site")
	return site == "" || site == "same-origin"
}

// SameOrigin tells whether a request comes from a page of the server's own
// origin, or from no page, as far as its browser tells. Forwarded headers are
// not looked at.
func SameOrigin(r *http.Request) bool { return origins(nil).mayConnect(r) }

func (o origins) trusts(origin string) bool { return slices.Contains(o, origin) }

// sameHost tells whether an origin's host and port are those of the request.
// The scheme is not compared: behind a proxy that ends TLS it is not known.
func sameHost(origin, host string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return false
	}
	port := ":80"
	if u.Scheme == "https" {
		port = ":443"
	}
	return strings.EqualFold(strings.TrimSuffix(u.Host, port), strings.TrimSuffix(host, port))
}

// answersPreflight lets pages of allowed origins read the answer to a request,
// and send credentials. It tells whether the request was only a question for
// that.
func (o origins) answersPreflight(rw http.ResponseWriter, r *http.Request) bool {
	header := rw.Header()
	if len(o) > 0 {
		header.Add("Vary", "Origin")
	}
	if origin := r.Header.Get("Origin"); o.trusts(origin) {
		header.Set("Access-Control-Allow-Origin", origin)
		header.Set("Access-Control-Allow-Credentials", "true")
	}
	if r.Method != http.MethodOptions {
		return false
	}
	if header.Get("Access-Control-Allow-Origin") != "" {
		header.Set("Access-Control-Allow-Methods", "GET, POST")
		header.Set("Access-Control-Max-Age", "600")
		if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
			header.Set("Access-Control-Allow-Headers", asked)
		}
	}
	rw.WriteHeader(http.StatusNoContent)
	return true
}
