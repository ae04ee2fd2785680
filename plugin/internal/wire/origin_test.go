package wire

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// Only pages of allowed origins may read answers and send credentials. A request
// from another origin is refused at once.
func TestCORS(t *testing.T) {
	t.Parallel()
	h := newHost(t, Options{AllowedOrigins: []string{"https://app.example.com"}}, nil)
	for _, row := range []struct {
		name, method string
		header       http.Header
		status       int
		origin       string // that is allowed
	}{
		{"allowed", "GET", http.Header{"Origin": {"https://app.example.com"}}, 200, "https://app.example.com"},
		{"own", "GET", http.Header{"Origin": {h.web.URL}}, 200, ""},
		{"none", "GET", nil, 200, ""},
		{"other", "GET", http.Header{"Origin": {"https://evil.example.com"}}, 403, ""},
		{"null", "GET", http.Header{"Origin": {"null"}}, 403, ""},
		{"preflight", "OPTIONS", http.Header{"Origin": {"https://app.example.com"}, "Access-Control-Request-Method": {"POST"}}, 204, "https://app.example.com"},
		{"own preflight", "OPTIONS", http.Header{"Origin": {h.web.URL}}, 204, ""},
		{"other preflight", "OPTIONS", http.Header{"Origin": {"https://evil.example.com"}, "Access-Control-Request-Method": {"POST"}}, 403, ""},
		{"options of no page", "OPTIONS", nil, 204, ""},
	} {
		before := h.wire.Len()
		status, _, answer := h.request(row.method, h.url(namePolling, 4), row.header)
		if status != row.status || answer.Get("Access-Control-Allow-Origin") != row.origin {
			t.Errorf("%s: got %d, %v", row.name, status, answer)
		}
		if got := answer.Get("Access-Control-Allow-Credentials"); (got == "true") != (row.origin != "") {
			t.Errorf("%s: credentials %q", row.name, got)
		}
		if status != http.StatusForbidden && answer.Get("Vary") != "Origin" {
			t.Errorf("%s: Vary %q", row.name, answer.Get("Vary"))
		}
		if opened := h.wire.Len() > before; opened != (status == http.StatusOK) {
			t.Errorf("%s: opened %t", row.name, opened)
		}
	}
}

// A preflight from an allowed origin allows the methods of the transports, and
// the headers that it names.
func TestPreflight(t *testing.T) {
	t.Parallel()
	wire := New(Options{AllowedOrigins: []string{"https://app.example.com"}})
	for origin, allowed := range map[string]bool{"https://app.example.com": true, "http://own.example.com": false} {
		r := httptest.NewRequest(http.MethodOptions, "http://own.example.com/socket.io/", nil)
		r.Header.Set("Origin", origin)
		r.Header.Set("Access-Control-Request-Headers", "authorization,x-custom")
		w := httptest.NewRecorder()
		if !wire.origins.answersPreflight(w, r) {
			t.Fatal("not answered")
		}
		for name, want := range map[string]string{
			"Access-Control-Allow-Methods": "GET, POST", "Access-Control-Allow-Headers": "authorization,x-custom",
			"Access-Control-Max-Age": "600", "Access-Control-Allow-Credentials": "true",
		} {
			if !allowed {
				want = ""
			}
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s: %q", origin, name, got)
			}
		}
	}
	r := httptest.NewRequest(http.MethodGet, "http://own.example.com/socket.io/", nil)
	if w := httptest.NewRecorder(); New(Options{}).origins.answersPreflight(w, r) || len(w.Header()) > 0 {
		t.Errorf("without AllowedOrigins: %v", w.Header())
	}
}

func TestSameHost(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		origin, host string
		want         bool
	}{
		{"http://a.example", "a.example", true},
		{"https://a.example", "a.example", true},
		{"http://a.example", "a.example:80", true},
		{"https://a.example", "a.example:443", true},
		{"http://a.example:8080", "a.example:8080", true},
		{"http://A.example", "a.EXAMPLE", true},
		{"http://[::1]:3000", "[::1]:3000", true},
		{"http://[::1]", "[::1]:80", true},
		{"http://a.example", "a.example:443", false},
		{"https://a.example", "a.example:80", false},
		{"http://a.example:8080", "a.example", false},
		{"http://a.example", "a.example:8080", false},
		{"http://a.example.evil", "a.example", false},
		{"http://a.example@evil", "a.example", false},
		{"http://", "", false},
		{"null", "null", false},
		{"", "", false},
		{"//a.example", "a.example", false},
		{"file://a.example", "a.example", false},
		{"http://%zz", "%zz", false},
	} {
		if got := sameHost(row.origin, row.host); got != row.want {
			t.Errorf("sameHost(%q, %q) = %t", row.origin, row.host, got)
		}
	}
}
