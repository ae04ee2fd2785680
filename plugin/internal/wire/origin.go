package wire

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// mayConnect tells whether a request comes from a page that may connect, or
// from no page. A browser names the page's origin, or says at least whether the
// page is of another; cookies alone do not tell.
func (w *Wire) mayConnect(r *http.Request) bool {
	if origins, named := r.Header["Origin"]; named {
		return len(origins) == 1 && (sameHost(origins[0], r.Host) || w.trusts(origins[0]))
	}
	site := r.Header.Get("Sec-Fetch-Site")
	return site == "" || site == "same-origin"
}

// SameOrigin tells whether a request comes from a page of the server's own
// origin, or from no page, as far as its browser tells. Forwarded headers are
// not looked at.
func SameOrigin(r *http.Request) bool { return (&Wire{}).mayConnect(r) }

// Admits applies the rules for origins to a request of another handler under the
// resource path: it tells whether that is to answer it, and has answered itself
// where it is not, because the page may not connect, or only asks whether it may
// send credentials and read the answer. Pages of AllowedOrigins may.
func (w *Wire) Admits(rw http.ResponseWriter, r *http.Request) bool {
	if !w.mayConnect(r) {
		fail(rw, http.StatusForbidden, codeForbidden)
		return false
	}
	return !w.answersPreflight(rw, r)
}

func (w *Wire) trusts(origin string) bool { return slices.Contains(w.options.AllowedOrigins, origin) }

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
func (w *Wire) answersPreflight(rw http.ResponseWriter, r *http.Request) bool {
	header := rw.Header()
	if len(w.options.AllowedOrigins) > 0 {
		header.Add("Vary", "Origin")
	}
	if origin := r.Header.Get("Origin"); w.trusts(origin) {
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
