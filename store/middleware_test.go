package store_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// flaky is a backend that fails on demand.
type flaky struct {
	store.Backend
	find, swap error
}

func (f *flaky) Find(ctx context.Context, key string) ([]byte, time.Time, bool, error) {
	if f.find != nil {
		return nil, time.Time{}, false, f.find
	}
	return f.Backend.Find(ctx, key)
}

func (f *flaky) Swap(ctx context.Context, key string, change store.Change) ([]byte, bool, error) {
	if f.swap != nil {
		return nil, false, f.swap
	}
	return f.Backend.Swap(ctx, key, change)
}

// site is an HTTP server with sessions.
type site struct {
	*scs.SessionManager
	backend *flaky
	handler http.Handler
}

func newSite(page func(*site, http.ResponseWriter, *http.Request)) *site {
	s := &site{SessionManager: scs.New(), backend: &flaky{Backend: store.NewMemory()}}
	s.ErrorFunc = func(w http.ResponseWriter, _ *http.Request, err error) {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	}
	attached := store.Attach(s.SessionManager, s.backend, store.Options{})
	s.handler = attached.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { page(s, w, r) }))
	return s
}

func (s *site) get(t *testing.T, path, cookie string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w.Result()
}

func cookieOf(t *testing.T, response *http.Response) string {
	t.Helper()
	for _, c := range response.Cookies() {
		if c.Value != "" {
			return c.Name + "=" + c.Value
		}
	}
	t.Fatal("no cookie was set")
	return ""
}

func body(t *testing.T, response *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestLoadAndSave(t *testing.T) {
	t.Parallel()
	s := newSite(func(s *site, w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/put" {
			s.Put(r.Context(), "user", "alice")
		}
		io.WriteString(w, "hello "+s.GetString(r.Context(), "user"))
	})
	if got := s.get(t, "/", "").Cookies(); len(got) != 0 {
		t.Errorf("a request that changed nothing got the cookies %v", got)
	}
	first := s.get(t, "/put", "")
	if got := first.Header.Get("Vary"); got != "Cookie" {
		t.Errorf("Vary is %q", got)
	}
	if got := body(t, s.get(t, "/", cookieOf(t, first))); got != "hello alice" {
		t.Errorf("the next request got %q", got)
	}
}

// A request whose session was destroyed while it ran gets its answer, without a cookie or
// an error. The session does not come back.
func TestLoadAndSaveGone(t *testing.T) {
	t.Parallel()
	s := newSite(nil)
	s.handler = s.Store.(*store.Store).LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.Put(r.Context(), "n", s.GetInt(r.Context(), "n")+1)
		if r.URL.Path == "/slow" {
			other, err := s.Load(context.WithoutCancel(t.Context()), s.Token(r.Context()))
			if err == nil {
				err = s.Destroy(other)
			}
			if err != nil {
				t.Error(err)
			}
		}
		io.WriteString(w, "done")
	}))
	cookie := cookieOf(t, s.get(t, "/", ""))
	response := s.get(t, "/slow", cookie)
	if response.StatusCode != http.StatusOK || body(t, response) != "done" {
		t.Errorf("status %d", response.StatusCode)
	}
	if got := response.Header.Get("Set-Cookie"); got != "" {
		t.Errorf("a dead session's cookie was set: %q", got)
	}
	_, token, _ := strings.Cut(cookie, "=")
	if _, ok, _ := s.Store.Find(token); ok {
		t.Error("the session is back")
	}
}

// When the store fails, only ErrorFunc answers.
func TestLoadAndSaveFailure(t *testing.T) {
	t.Parallel()
	page := func(s *site, w http.ResponseWriter, r *http.Request) {
		s.Put(r.Context(), "user", "alice")
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, "created")
	}
	down := errors.New("the store is down")
	for name, fail := range map[string]func(*flaky){
		"load":   func(f *flaky) { f.find = down },
		"commit": func(f *flaky) { f.swap = down },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(page)
			cookie := cookieOf(t, s.get(t, "/", ""))
			fail(s.backend)
			response := s.get(t, "/", cookie)
			got := body(t, response)
			if response.StatusCode != http.StatusServiceUnavailable || !strings.Contains(got, "the store is down") || strings.Contains(got, "created") {
				t.Errorf("status %d, body %q", response.StatusCode, got)
			}
			if set := response.Header.Get("Set-Cookie"); set != "" {
				t.Errorf("a cookie was set: %q", set)
			}
		})
	}
}

// A handler that streams gets its cookie before the first flush.
func TestLoadAndSaveFlush(t *testing.T) {
	t.Parallel()
	s := newSite(func(s *site, w http.ResponseWriter, r *http.Request) {
		s.Put(r.Context(), "user", "alice")
		w.(http.Flusher).Flush()
	})
	response := s.get(t, "/", "")
	cookieOf(t, response)
}
