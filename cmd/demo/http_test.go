package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"testing"
)

func form(fields ...string) url.Values {
	values := make(url.Values)
	for i := 0; i+1 < len(fields); i += 2 {
		values.Set(fields[i], fields[i+1])
	}
	return values
}

// held is what GET /session answers.
type held struct {
	ID     string         `json:"id"`
	Values map[string]any `json:"values"`
}

func (v *visitor) session() held {
	v.t.Helper()
	var got held
	answer := v.want("GET", "/session", nil, http.StatusOK)
	if err := json.Unmarshal([]byte(answer.body), &got); err != nil {
		v.t.Fatal(err)
	}
	return got
}

func (v *visitor) holds(want map[string]any) {
	v.t.Helper()
	if got := v.session().Values; !maps.Equal(got, want) {
		v.t.Errorf("the session holds %v, want %v", got, want)
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, test := range []struct {
		name, method, path string
		form               url.Values
		anonymous, with    int // the status without a session and with one
	}{
		{"page", "GET", "/", nil, 200, 200},
		{"read", "GET", "/session", nil, 401, 200},
		{"put", "POST", "/session", form("key", "k", "value", "v"), 401, 204},
		{"put with delay", "POST", "/session", form("key", "k", "value", "v", "delay", "1ms"), 401, 204},
		{"put without value", "POST", "/session", form("key", "k"), 401, 204},
		{"put without key", "POST", "/session", form("value", "v"), 401, 400},
		{"put with too long a delay", "POST", "/session", form("key", "k", "delay", "5001ms"), 401, 400},
		{"put with a negative delay", "POST", "/session", form("key", "k", "delay", "-1s"), 401, 400},
		{"put with a delay that is none", "POST", "/session", form("key", "k", "delay", "soon"), 401, 400},
		{"put too much", "POST", "/session", form("key", "k", "value", strings.Repeat("v", maxForm)), 401, 400},
		{"remove", "DELETE", "/session?key=k", nil, 401, 204},
		{"remove without key", "DELETE", "/session", nil, 401, 400},
		{"login without user", "POST", "/login", form(), 400, 400},
		{"login", "POST", "/login", form("user", "ann"), 303, 303},
		{"logout", "POST", "/logout", nil, 303, 303},
		{"devices without a user", "GET", "/devices", nil, 401, 401},
		{"logout of a device without a user", "POST", "/devices/x/logout", nil, 401, 401},
		{"logout everywhere without a user", "POST", "/logout-everywhere", nil, 401, 401},
		{"health", "GET", "/healthz", nil, 200, 200},
		{"ready", "GET", "/readyz", nil, 200, 200},
		{"elsewhere", "GET", "/favicon.ico", nil, 404, 404},
		{"below a page", "GET", "/session/x", nil, 404, 404},
		{"wrong method", "PUT", "/session", nil, 405, 405},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			anonymous := s.visitor(t)
			anonymous.want(test.method, test.path, test.form, test.anonymous)
			if begins := test.path == "/" || test.name == "login"; begins != (anonymous.token() != "") {
				t.Errorf("a session was begun: %v, want %v", !begins, begins)
			}
			s.visit(t).want(test.method, test.path, test.form, test.with)
		})
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	s := start(t, "-path", "/deep/er", "-scope", "message", "-client", clientFile(t))
	v := s.visit(t)
	v.holds(map[string]any{"visits": 1.0})

	got := v.want("GET", "/", nil, http.StatusOK)
	v.holds(map[string]any{"visits": 2.0})
	policy := got.Header.Get("Content-Security-Policy")
	scripts, err := pageScripts()
	if err != nil || len(scripts) == 0 {
		t.Fatalf("%d scripts, error %v", len(scripts), err)
	}
	for _, script := range scripts {
		if !strings.Contains(policy, hashOf(string(script))) || !strings.Contains(got.body, "<script>"+string(script)+"</script>") {
			t.Errorf("the page or its policy lacks %.60q", script)
		}
	}
	for _, want := range []string{"default-src 'none'", hashOf(pageStyle())} {
		if !strings.Contains(policy, want) {
			t.Errorf("the policy %q lacks %q", policy, want)
		}
	}
	for _, want := range []string{
		"<style>" + pageStyle() + "</style>",
		`src="/deep/er/socket.io.js"`, `src="/deep/er/socket.io-sessions.js"`, "<dd>message</dd>", "<dd>memory</dd>",
	} {
		if !strings.Contains(got.body, want) {
			t.Errorf("the page lacks %.60q", want)
		}
	}
	if strings.Contains(got.body, v.token()) {
		t.Error("the page holds the token")
	}
}

func TestHeadStartsNoSession(t *testing.T) {
	t.Parallel()
	v := start(t).visitor(t)
	v.want("HEAD", "/", nil, http.StatusOK)
	if v.token() != "" {
		t.Error("it did")
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	v := start(t).visit(t)
	v.want("POST", "/session", form("key", "color", "value", "<b>ünïcode</b>"), http.StatusNoContent)
	v.want("POST", "/session", form("key", "size", "value", ""), http.StatusNoContent)
	v.holds(map[string]any{"visits": 1.0, "color": "<b>ünïcode</b>", "size": ""})
	v.want("DELETE", "/session?key=size", nil, http.StatusNoContent)
	v.holds(map[string]any{"visits": 1.0, "color": "<b>ünïcode</b>"})
}

// A session that would be too large is the request's fault, not the store's.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	v := start(t).visitor(t)
	v.want("GET", "/", nil, http.StatusOK)
	part := strings.Repeat("v", maxForm-100)
	for i := range 16 { // a little less than 1 MiB
		v.want("POST", "/session", form("key", fmt.Sprint(i), "value", part), http.StatusNoContent)
	}
	v.want("POST", "/session", form("key", "17", "value", part), http.StatusRequestEntityTooLarge)
	v.want("POST", "/session", form("key", "0", "value", "v"), http.StatusNoContent)
	if got := v.session().Values; len(got) != 17 || got["0"] != "v" {
		t.Errorf("the session holds %d values", len(got))
	}
}

func TestMultipartForm(t *testing.T) {
	t.Parallel()
	v := start(t).visit(t)
	var body strings.Builder
	fields := multipart.NewWriter(&body)
	_ = fields.WriteField("key", "color")
	_ = fields.WriteField("value", "teal")
	fields.Close()
	r := v.request("POST", "/session", nil)
	r.Body = io.NopCloser(strings.NewReader(body.String()))
	r.Header.Set("Content-Type", fields.FormDataContentType())
	if got := v.do(r); got.StatusCode != http.StatusNoContent {
		t.Fatalf("got %d %q", got.StatusCode, got.body)
	}
	v.holds(map[string]any{"visits": 1.0, "color": "teal"})
}

func TestLogin(t *testing.T) {
	t.Parallel()
	s := start(t)
	v := s.visit(t)
	before, old := v.session(), v.token()

	got := v.want("POST", "/login", form("user", "ann"), http.StatusSeeOther)
	if to := got.Header.Get("Location"); to != "/" {
		t.Errorf("redirects to %q", to)
	}
	after := v.session()
	if v.token() == old || after.ID == before.ID || after.ID == "" {
		t.Error("the login did not renew the token")
	}
	v.holds(map[string]any{"visits": 1.0, "user": "ann"})

	stale := s.visitor(t)
	r := stale.request("GET", "/session", nil)
	r.AddCookie(&http.Cookie{Name: "session", Value: old})
	if got := stale.do(r); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("the old cookie: got %d, want 401", got.StatusCode)
	}
}

func TestLogout(t *testing.T) {
	t.Parallel()
	s := start(t)
	v := s.visit(t)
	token := v.token()
	v.want("POST", "/logout", nil, http.StatusSeeOther)
	if v.token() != "" {
		t.Error("the cookie is still there")
	}
	r := v.request("GET", "/session", nil)
	r.AddCookie(&http.Cookie{Name: "session", Value: token})
	if got := v.do(r); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("the old cookie: got %d, want 401", got.StatusCode)
	}
}

// A request that loaded a session which then ended must neither bring it back
// nor pretend to have saved anything.
func TestLogoutDuringPut(t *testing.T) {
	t.Parallel()
	v := start(t).visit(t)
	token := v.token()
	sent := make(chan struct{})
	r := v.request("POST", "/session", form("key", "k", "value", "v", "delay", "500ms"))
	r = r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
		WroteRequest: func(httptrace.WroteRequestInfo) { close(sent) },
	}))
	type answer struct {
		status int
		cookie string
	}
	late := make(chan answer, 1)
	go func() { // until it is answered
		var got answer
		if resp, err := v.Do(r); err == nil {
			got = answer{resp.StatusCode, resp.Header.Get("Set-Cookie")}
			resp.Body.Close()
		}
		late <- got
	}()
	<-sent
	v.want("POST", "/logout", nil, http.StatusSeeOther)

	if got := <-late; got.status != http.StatusUnauthorized || got.cookie != "" {
		t.Errorf("got %d with cookie %q, want 401 and none", got.status, got.cookie)
	}
	again := v.request("GET", "/session", nil)
	again.AddCookie(&http.Cookie{Name: "session", Value: token})
	if got := v.do(again); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("the session is back: %d", got.StatusCode)
	}
}

func TestRefusesOtherSites(t *testing.T) {
	t.Parallel()
	s := start(t, "-origins", "http://trusted.example:3001, http://other.example")
	for origin, want := range map[string]int{
		s.url:                         204,
		"http://trusted.example:3001": 204,
		"http://other.example":        204,
		"http://evil.example":         403,
		"null":                        403,
	} {
		t.Run(origin, func(t *testing.T) {
			t.Parallel()
			v := s.visit(t)
			r := v.request("POST", "/session", form("key", "k", "value", "v"))
			r.Header.Set("Origin", origin)
			if got := v.do(r); got.StatusCode != want {
				t.Errorf("got %d, want %d", got.StatusCode, want)
			}
		})
	}
}
