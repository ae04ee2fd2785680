package plugin

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// ambiguous, with the name of the cookie behind it, is what FromCookie returns for
// a request that has several of it. It is no token: no cookie can hold it.
const ambiguous = "\x00ambiguous "

// cutCookie returns the value of a cookie, "" where there is none. Of several with
// different values nobody knows which is the app's: a neighbour under the same
// domain can set one for a longer path, which comes first.
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

// noSession returns why what a cutter returned is no token, nil when it may be one.
func noSession(token string) *Refusal {
	switch {
	case token == "":
		return refusal(CodeNoCookie)
	case strings.HasPrefix(token, ambiguous):
		return refusal(CodeAmbiguousCookie)
	}
	return nil
}

// noticeAmbiguous tells whether a token is none because the request has several. It
// says so, and lets the answer take from the browser what it can: the cookie at the
// resource path and at other paths that are given.
func (s *Sessions) noticeAmbiguous(w http.ResponseWriter, r *http.Request, token string, paths ...string) bool {
	name, is := strings.CutPrefix(token, ambiguous)
	if !is {
		return false
	}
	s.options.Logger.Warn("sessions: a client was refused, which has several session cookies with different values; somebody under the same domain may have set one: give manager.Cookie.Name a name that begins with __Host-, which nobody else can set",
		"cookie", name, "host", r.Host)
	paths = append(paths, s.options.Path)
	if short := strings.TrimSuffix(s.options.Path, "/"); short != "" {
		paths = append(paths, short)
	}
	s.expire(w, r, name, paths)
	return true
}

// refusesAmbiguous answers a POST of the page's whose token is none because it has
// several.
func (s *Sessions) refusesAmbiguous(w http.ResponseWriter, r *http.Request, token, post string) bool {
	if !s.noticeAmbiguous(w, r, token, s.options.Path+post) {
		return false
	}
	writeRefusal(w, http.StatusBadRequest, refusal(CodeAmbiguousCookie))
	return true
}

// expire takes a cookie from the browser, by whichever domain it was set, unless it
// is where the app sets its own. A server is not told where a cookie comes from: it
// can only name all that may be.
func (s *Sessions) expire(w http.ResponseWriter, r *http.Request, name string, paths []string) {
	own := &s.manager.Cookie
	for _, path := range paths {
		for _, domain := range domainsOf(r.Host) {
			if path == own.Path && domain == strings.ToLower(strings.TrimPrefix(own.Domain, ".")) {
				continue
			}
			gone := http.Cookie{ //nolint:gosec // it holds nothing, and has the attributes of the app's own
				Name: name, Path: path, Domain: domain, MaxAge: -1, Expires: time.Unix(1, 0),
				HttpOnly: own.HttpOnly, Secure: own.Secure, SameSite: own.SameSite,
			}
			if gone.Valid() == nil {
				http.SetCookie(w, &gone)
			}
		}
	}
}

// maxDomains is how many domains an answer names.
const maxDomains = 8

// domainsOf returns the domains that a cookie for a host may have been set for: ""
// for the host alone, itself, and those above it.
func domainsOf(host string) []string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	var domains []string
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err != nil {
		for at := strings.ToLower(host); strings.Contains(at, "."); _, at, _ = strings.Cut(at, ".") {
			domains = append(domains, at)
		}
	}
	domains = domains[max(0, len(domains)-maxDomains):]
	return slices.Insert(domains, 0, "")
}
