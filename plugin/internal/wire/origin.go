package wire

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// origins are the origins that may connect besides the server's own.
type origins []string

// mayConnect reports whether a request comes from a page that may connect, or from
// no page. A browser sends the page's origin, or at least whether the page has the
// same origin. A cookie proves nothing.
func (o origins) mayConnect(r *http.Request) bool {
	if origins, named := r.Header["Origin"]; named {
		return len(origins) == 1 && (sameHost(origins[0], r.Host) || o.trusts(origins[0]))
	}
	site := r.Header.Get("Sec-Fetch-Site")
	return site == "" || site == "same-origin"
}

// SameOrigin reports whether a request comes from a page of the server's own origin,
// or from no page, according to its browser. It ignores forwarded headers.
func SameOrigin(r *http.Request) bool { return origins(nil).mayConnect(r) }

func (o origins) trusts(origin string) bool { return slices.Contains(o, origin) }

// sameHost reports whether an origin has the host and port of the request. It does
// not compare the scheme, which is unknown behind a proxy that ends TLS.
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

// answersPreflight adds the CORS headers: pages of allowed origins may read the
// answer, and send credentials. It reports whether the request was a preflight,
// which it has then answered.
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
