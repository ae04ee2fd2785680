package plugin

import (
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
)

// ambiguities deals with requests that carry several values of the session cookie.
type ambiguities struct {
	path   string             // the resource path
	own    *scs.SessionCookie // the app's
	logger *slog.Logger
}

// notice reports whether a cutter's result is no token because the request has
// several. If so, it logs that, and has the answer delete the cookies that are not
// the app's: those at the resource path and at the other paths that are given.
func (a *ambiguities) notice(w http.ResponseWriter, r *http.Request, token string, paths ...string) bool {
	name, is := strings.CutPrefix(token, ambiguous)
	if !is {
		return false
	}
	a.logger.Warn("sessions: a client was refused, which has several session cookies with different values; somebody under the same domain may have set one: give manager.Cookie.Name a name that begins with __Host-, which nobody else can set",
		"cookie", name, "host", r.Host)
	paths = append(paths, a.path)
	if short := strings.TrimSuffix(a.path, "/"); short != "" {
		paths = append(paths, short)
	}
	a.expire(w, r, name, paths)
	return true
}

// refuses reports whether a POST to a name under the resource path has several
// tokens, and answers it then.
func (a *ambiguities) refuses(w http.ResponseWriter, r *http.Request, token, post string) bool {
	if !a.notice(w, r, token, a.path+post) {
		return false
	}
	writeRefusal(w, http.StatusBadRequest, refusal(CodeAmbiguousCookie))
	return true
}

// expire deletes a cookie from the browser, whichever domain it was set for, but
// leaves the one that the app sets. No request says where a cookie comes from: the
// answer can only name every place.
func (a *ambiguities) expire(w http.ResponseWriter, r *http.Request, name string, paths []string) {
	for _, path := range paths {
		for _, domain := range domainsOf(r.Host) {
			if path == a.own.Path && domain == strings.ToLower(strings.TrimPrefix(a.own.Domain, ".")) {
				continue
			}
			gone := http.Cookie{ //nolint:gosec // it holds nothing, and has the attributes of the app's own
				Name: name, Path: path, Domain: domain, MaxAge: -1, Expires: time.Unix(1, 0),
				HttpOnly: a.own.HttpOnly, Secure: a.own.Secure, SameSite: a.own.SameSite,
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
