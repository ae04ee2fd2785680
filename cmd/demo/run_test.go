package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/socketio-sessions/socketio-sessions/plugin/plugintest"
)

// limit is longer than anything here takes; tests wait for events, not for it.
const limit = 10 * time.Second

// A site is a demo that runs, as its user finds it.
type site struct {
	url    string
	stderr *output
	end    func() int // ends it and returns the exit status
}

// start runs the demo on a free port until the test is over.
func start(t *testing.T, args ...string) *site {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, stdout := io.Pipe()
	s := &site{stderr: new(output)}
	status := make(chan int, 1)
	go func() { // until s.end
		status <- run(ctx, append([]string{"-addr", "127.0.0.1:0"}, args...), stdout, s.stderr)
		stdout.Close()
	}()
	s.end = sync.OnceValue(func() int {
		cancel()
		select {
		case code := <-status:
			return code
		case <-time.After(limit):
			return -1
		}
	})
	t.Cleanup(func() {
		if code := s.end(); code != 0 {
			t.Errorf("exit status %d, stderr: %s", code, s.stderr)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	address, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "listening on ")
	if err != nil || !ok {
		t.Fatalf("first line %q, error %v, stderr: %s", line, err, s.stderr)
	}
	s.url = address
	return s
}

// output is a buffer for several goroutines.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// A visitor is a browser as far as HTTP goes: it keeps cookies and does not
// follow redirects.
type visitor struct {
	*http.Client
	t    *testing.T
	site string
}

func (s *site) visitor(t *testing.T) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &visitor{t: t, site: s.url, Client: &http.Client{
		Jar:     jar,
		Timeout: limit,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}}
}

// visit opens the page, which starts a session.
func (s *site) visit(t *testing.T) *visitor {
	t.Helper()
	v := s.visitor(t)
	v.want("GET", "/", nil, http.StatusOK)
	return v
}

// reply is a response with its body read.
type reply struct {
	*http.Response
	body string
}

func (v *visitor) do(r *http.Request) reply {
	v.t.Helper()
	resp, err := v.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return reply{resp, string(body)}
}

func (v *visitor) request(method, path string, form url.Values) *http.Request {
	v.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(v.t.Context(), method, v.site+path, body)
	if err != nil {
		v.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r
}

func (v *visitor) want(method, path string, form url.Values, status int) reply {
	v.t.Helper()
	got := v.do(v.request(method, path, form))
	if got.StatusCode != status {
		v.t.Fatalf("%s %s: got %d %q, want %d", method, path, got.StatusCode, got.body, status)
	}
	return got
}

// token is the session cookie that v holds, "" for none.
func (v *visitor) token() string {
	at, _ := url.Parse(v.site)
	for _, c := range v.Jar.Cookies(at) {
		if c.Name == "session" {
			return c.Value
		}
	}
	return ""
}

func TestRefusesToStart(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { taken.Close() })
	deaf := "redis://:secret@" + taken.Addr().String() + "/0" // accepts, never answers

	for _, test := range []struct{ name, args, want string }{
		{"unknown flag", "-nope", "-nope"},
		{"stray argument", "now", "now"},
		{"scope", "-scope socket", "connection or message"},
		{"path without slash", "-path socket.io", "-path"},
		{"path is the root", "-path /", "-path"},
		{"path with a pattern", "-path /{x}", "-path"},
		{"lifetime", "-lifetime 0s", "-lifetime"},
		{"lifetime is no duration", "-lifetime long", "-lifetime"},
		{"idle", "-idle -1s", "-idle"},
		{"drain", "-drain -1s", "-drain"},
		{"leave", "-leave 0s", "-leave"},
		{"rate", "-rate 0", "-rate"},
		{"origin with a path", "-origins http://localhost:3001/app", "-origins"},
		{"origin without a scheme", "-origins localhost", "-origins"},
		{"store of no kind", "-store mysql://localhost/db", "redis://"},
		{"store with a bad port", "-store redis://:secret@localhost:x/0", "redis://"},
		{"store with a bad database", "-store redis://127.0.0.1:1/x", "store"},
		{"store refuses", "-store redis://:secret@127.0.0.1:1/0", "refused"},
		{"store is deaf", "-store " + deaf, "store"},
		{"address", "-addr nowhere", "nowhere"},
		{"taken port", "-addr " + taken.Addr().String(), "in use"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			var stdout, stderr bytes.Buffer
			code := run(ctx, append([]string{"-addr", "127.0.0.1:0"}, strings.Fields(test.args)...), &stdout, &stderr)

			if code == 0 || ctx.Err() != nil {
				t.Errorf("got exit status %d, context %v; want a failure within 5 s", code, ctx.Err())
			}
			if got := stderr.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, test.want) {
				t.Errorf("stderr: got %q, want one line with %q", got, test.want)
			}
			if strings.Contains(stderr.String(), "secret") {
				t.Errorf("stderr tells the password: %s", &stderr)
			}
			if stdout.Len() > 0 {
				t.Errorf("stdout: %s", &stdout)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"-help"}, &stdout, &stderr); code != 0 || stderr.Len() > 0 {
		t.Errorf("got %d, stderr %q", code, &stderr)
	}
	for _, flag := range []string{"addr", "store", "scope", "path", "lifetime", "idle", "origins", "client", "drain", "leave", "rate", "faults"} {
		if !strings.Contains(stdout.String(), "  -"+flag) {
			t.Errorf("the help does not name -%s", flag)
		}
	}
}

func TestEndsGracefully(t *testing.T) {
	t.Parallel()
	s := start(t)
	v := s.visit(t)
	socket := v.connect("/socket.io/")

	ended := make(chan int, 1)
	go func() { ended <- s.end() }()
	if why := socket.Ended(); why.Code != "going_away" || !why.Reconnect {
		t.Errorf("got %+v, want going_away and reconnect", why)
	}
	select {
	case code := <-ended:
		if code != 0 {
			t.Errorf("exit status %d", code)
		}
	case <-time.After(5 * time.Second):
		t.Error("still running after 5 s")
	}
}

// While the demo drains, it tells the balancer and serves on.
func TestDrains(t *testing.T) {
	t.Parallel()
	s := start(t, "-drain", "2s")
	v := s.visit(t)
	early := v.connect("/socket.io/")
	v.want("GET", "/readyz", nil, http.StatusOK)

	ended := make(chan int, 1)
	go func() { ended <- s.end() }()
	for v.do(v.request("GET", "/readyz", nil)).StatusCode != http.StatusServiceUnavailable {
		if t.Context().Err() != nil {
			t.FailNow()
		}
	}
	v.want("GET", "/healthz", nil, http.StatusOK)
	for _, socket := range []*plugintest.Client{early, v.connect("/socket.io/")} {
		if why := socket.Ended(); why.Code != "going_away" {
			t.Errorf("got %+v, want going_away", why)
		}
	}
	if code := <-ended; code != 0 {
		t.Errorf("exit status %d", code)
	}
}
