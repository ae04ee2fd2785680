package clientjs_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/socketio-sessions/socketio-sessions/clientjs"
)

func TestServe(t *testing.T) {
	t.Parallel()
	const source = "'été';" // more bytes than characters
	etag := request(clientjs.Serve(source), http.MethodGet, "/", "").Header().Get("ETag")

	tests := []struct {
		name        string
		method      string
		target      string
		ifNoneMatch string
		status      int
		body        string
	}{
		{name: "get", method: http.MethodGet, target: "/", status: http.StatusOK, body: source},
		{name: "query ignored", method: http.MethodGet, target: "/?EIO=3&x=1", status: http.StatusOK, body: source},
		{name: "any path", method: http.MethodGet, target: "/a/b.js", status: http.StatusOK, body: source},
		{name: "head", method: http.MethodHead, target: "/", status: http.StatusOK},
		{name: "known", method: http.MethodGet, target: "/", ifNoneMatch: etag, status: http.StatusNotModified},
		{name: "known, by head", method: http.MethodHead, target: "/", ifNoneMatch: etag, status: http.StatusNotModified},
		{name: "known, through a proxy", method: http.MethodGet, target: "/", ifNoneMatch: `"old", W/` + etag, status: http.StatusNotModified},
		{name: "old", method: http.MethodGet, target: "/", ifNoneMatch: `"old"`, status: http.StatusOK, body: source},
		{name: "post", method: http.MethodPost, target: "/", status: http.StatusMethodNotAllowed, body: "method not allowed\n"},
		{name: "options", method: http.MethodOptions, target: "/", status: http.StatusMethodNotAllowed, body: "method not allowed\n"},
		{name: "delete, known", method: http.MethodDelete, target: "/", ifNoneMatch: etag, status: http.StatusMethodNotAllowed, body: "method not allowed\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := request(clientjs.Serve(source), tt.method, tt.target, tt.ifNoneMatch)

			if got.Code != tt.status {
				t.Errorf("status %d, want %d", got.Code, tt.status)
			}
			if body := got.Body.String(); body != tt.body {
				t.Errorf("body %q, want %q", body, tt.body)
			}
			assertHeader(t, got.Header(), wantHeader(tt.status, etag, len(source)))
		})
	}
}

// wantHeader lists what an answer says of itself; a header that is not listed must not be there.
func wantHeader(status int, etag string, length int) map[string]string {
	switch status {
	case http.StatusOK:
		return map[string]string{
			"Accept-Ranges":          "bytes",
			"Cache-Control":          "no-cache",
			"Content-Length":         strconv.Itoa(length),
			"Content-Type":           "text/javascript; charset=utf-8",
			"Etag":                   etag,
			"X-Content-Type-Options": "nosniff",
		}
	case http.StatusNotModified:
		return map[string]string{"Cache-Control": "no-cache", "Etag": etag, "X-Content-Type-Options": "nosniff"}
	default:
		return map[string]string{
			"Allow":                  "GET, HEAD",
			"Content-Type":           "text/plain; charset=utf-8",
			"X-Content-Type-Options": "nosniff",
		}
	}
}

func assertHeader(t *testing.T, got http.Header, want map[string]string) {
	t.Helper()
	for name, value := range want {
		if got.Get(name) != value {
			t.Errorf("%s: %q, want %q", name, got.Get(name), value)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("unexpected %s: %q", name, got.Get(name))
		}
	}
}

func TestServe_ETagFollowsSource(t *testing.T) {
	t.Parallel()
	etag := func(source string) string {
		return request(clientjs.Serve(source), http.MethodGet, "/", "").Header().Get("ETag")
	}

	if etag("1;") == etag("2;") {
		t.Error("two sources have one ETag")
	}
	if first, again := etag("1;"), etag("1;"); first != again {
		t.Error("one source has two ETags")
	}
	if got := etag("1;"); !strings.HasPrefix(got, `"`) || !strings.HasSuffix(got, `"`) {
		t.Errorf("ETag %s is not a strong one", got)
	}
}

func TestHandler(t *testing.T) {
	t.Parallel()
	want, err := os.ReadFile("socket.io-sessions.js")
	if err != nil {
		t.Fatal(err)
	}
	handler := clientjs.Handler()

	var group sync.WaitGroup
	for range 4 { // one handler serves everyone at once
		group.Go(func() {
			if got := request(handler, http.MethodGet, "/", "").Body.String(); got != string(want) {
				t.Errorf("served %d bytes that are not the script's %d", len(got), len(want))
			}
		})
	}
	group.Wait()
	if clientjs.Script() != string(want) {
		t.Error("Script is not the file")
	}
}

func request(handler http.Handler, method, target, ifNoneMatch string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	if ifNoneMatch != "" {
		r.Header.Set("If-None-Match", ifNoneMatch)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}
