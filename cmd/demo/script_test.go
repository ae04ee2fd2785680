package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// clientFile is a client script that does nothing, so that these tests need no npm.
func clientFile(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "client.js")
	if err := os.WriteFile(file, []byte("var io"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestClientScripts(t *testing.T) {
	t.Parallel()
	s := start(t, "-client", clientFile(t), "-path", "/io")
	for _, path := range []string{"/io/socket.io.js", "/io/socket.io-sessions.js"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			v := s.visit(t)
			got := v.want("GET", path, nil, http.StatusOK)
			tag := got.Header.Get("ETag")
			kind, cookie := got.Header.Get("Content-Type"), got.Header.Get("Set-Cookie")
			if !strings.Contains(kind, "javascript") || tag == "" || cookie != "" || got.body == "" {
				t.Errorf("type %q, tag %q, cookie %q, %d bytes", kind, tag, cookie, len(got.body))
			}
			if head := v.want("HEAD", path, nil, http.StatusOK); head.body != "" || head.Header.Get("ETag") != tag {
				t.Errorf("HEAD: %d bytes, tag %q", len(head.body), head.Header.Get("ETag"))
			}
			r := v.request("GET", path+"?v=1", nil)
			r.Header.Set("If-None-Match", tag)
			if got := v.do(r); got.StatusCode != http.StatusNotModified || got.body != "" {
				t.Errorf("with its tag: %d, %d bytes; want 304 and none", got.StatusCode, len(got.body))
			}
			v.want("POST", path, form(), http.StatusMethodNotAllowed)
			v.want("DELETE", path, nil, http.StatusMethodNotAllowed)
		})
	}
	if got := s.visitor(t).want("GET", "/io/socket.io.js", nil, http.StatusOK); got.body != "var io" {
		t.Errorf("got %q", got.body)
	}
}

func TestWithoutClientScript(t *testing.T) {
	t.Parallel()
	s := start(t, "-client", filepath.Join(t.TempDir(), "none.js"))
	v := s.visitor(t)
	got := v.want("GET", "/", nil, http.StatusOK)
	if !strings.Contains(got.body, `src="`+cdnClient+`" integrity="`+cdnIntegrity+`" crossorigin="anonymous"`) {
		t.Error("the page does not take it from the CDN")
	}
	if policy := got.Header.Get("Content-Security-Policy"); !strings.Contains(policy, cdnClient) {
		t.Errorf("the policy %q does not allow it", policy)
	}
	v.want("GET", "/socket.io/socket.io.js", nil, http.StatusNotFound)
	s.end() // so that everything is written
	if !strings.Contains(s.stderr.String(), "no socket.io.js") {
		t.Errorf("stderr: %s", s.stderr)
	}
}
