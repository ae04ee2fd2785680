package storetest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// middleware tests invariants 1 and 2 over HTTP: with Store.LoadAndSave, and with the
// manager's own, whose transactions are implicit.
func (s suite) middleware(t *testing.T) {
	for name, wrap := range map[string]func(*node, http.Handler) http.Handler{
		"Ours":  func(n *node, h http.Handler) http.Handler { return n.store.LoadAndSave(h) },
		"Stock": func(n *node, h http.Handler) http.Handler { return n.LoadAndSave(h) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Run("Overlap", func(t *testing.T) { s.overlap(t, wrap) })
			for name, end := range s.allEnds() {
				t.Run(name, func(t *testing.T) { s.endedMeanwhile(t, wrap, end, name == "Expiry") })
			}
			t.Run("Renewal", func(t *testing.T) { s.renewalOverHTTP(t, wrap) })
			t.Run("Login", func(t *testing.T) { s.loginOverHTTP(t, wrap) })
		})
	}
}

// site serves one node over HTTP.
type site struct {
	*node
	*httptest.Server
}

func (s suite) site(t *testing.T, n *node, wrap func(*node, http.Handler) http.Handler, page http.HandlerFunc) *site {
	t.Helper()
	server := httptest.NewServer(wrap(n, page))
	t.Cleanup(server.Close)
	return &site{n, server}
}

// get requests path with a token, "" for none. It returns the status and the token of the
// cookie that was set.
func (s *site) get(t *testing.T, path, token string) (status int, set string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+path, nil)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	if token != "" {
		r.Header.Set("Cookie", s.Cookie.Name+"="+token)
	}
	response, err := s.Client().Do(r)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	for _, c := range response.Cookies() {
		set = c.Value
	}
	return response.StatusCode, set
}

// overlap: requests lose nothing if all load before the first commits.
func (s suite) overlap(t *testing.T, wrap func(*node, http.Handler) http.Handler) {
	t.Helper()
	const requests = 8
	n := s.node(t)
	var loaded sync.WaitGroup
	loaded.Add(requests)
	web := s.site(t, n, wrap, func(_ http.ResponseWriter, r *http.Request) {
		loaded.Done()
		loaded.Wait()
		n.Put(r.Context(), r.URL.Path, true)
	})
	token := n.login(t, values{"user": "alice"})
	want := values{"user": "alice"}
	var all sync.WaitGroup
	for i := range requests {
		path := fmt.Sprint("/", i)
		want[path] = true
		all.Go(func() {
			if status, set := web.get(t, path, token); status != http.StatusOK || set != token && set != "" {
				t.Errorf("%s: status %d, cookie of another session", path, status)
			}
		})
	}
	all.Wait()
	n.wantValues(t, token, want)
}

// endedMeanwhile: a request whose session ends while it runs gets its answer, and the
// session does not come back.
func (s suite) endedMeanwhile(t *testing.T, wrap func(*node, http.Handler) http.Handler, end func(*testing.T, *node, string), idle bool) {
	t.Helper()
	nodes := s.nodes(t, 2)
	for _, n := range nodes { // the end is made here, and there
		if idle {
			n.IdleTimeout = later / 2 // each request is saved then
		}
		var token string
		web := s.site(t, nodes[0], wrap, func(w http.ResponseWriter, r *http.Request) {
			nodes[0].Put(r.Context(), "late", true)
			end(t, n, token)
			w.WriteHeader(http.StatusAccepted)
		})
		token = nodes[0].login(t, values{"user": "alice"})
		if status, _ := web.get(t, "/", token); status != http.StatusAccepted {
			t.Errorf("status %d", status)
		}
		nodes[0].wantNone(t, token)
	}
}

func (s suite) renewalOverHTTP(t *testing.T, wrap func(*node, http.Handler) http.Handler) {
	t.Helper()
	n := s.node(t)
	var token string
	web := s.site(t, n, wrap, func(_ http.ResponseWriter, r *http.Request) {
		n.Put(r.Context(), "before", true)
		n.put(t, token, "theirs", true)
		if err := n.RenewToken(r.Context()); err != nil {
			t.Error(err)
		}
		n.Put(r.Context(), "after", true)
	})
	token = n.login(t, values{"user": "alice"})
	status, renewed := web.get(t, "/", token)
	if status != http.StatusOK || renewed == "" || renewed == token {
		t.Errorf("status %d, cookie %q", status, renewed)
	}
	n.wantNone(t, token)
	n.wantValues(t, renewed, values{"user": "alice", "before": true, "theirs": true, "after": true})
}

// loginOverHTTP: a request without a session gets one, if it needs one.
func (s suite) loginOverHTTP(t *testing.T, wrap func(*node, http.Handler) http.Handler) {
	t.Helper()
	n := s.node(t)
	web := s.site(t, n, wrap, func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/login" {
			n.Put(r.Context(), "user", "alice")
		}
	})
	if status, set := web.get(t, "/", ""); status != http.StatusOK || set != "" {
		t.Errorf("a page: status %d, cookie %q", status, set)
	}
	stranger := key()
	status, set := web.get(t, "/login", stranger)
	if status != http.StatusOK || set == "" || set == stranger {
		t.Errorf("a login: status %d, cookie %q", status, set)
	}
	n.wantNone(t, stranger)
	n.wantValues(t, set, values{"user": "alice"})
}
