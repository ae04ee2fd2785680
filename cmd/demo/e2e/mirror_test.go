package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// browserClients are the clients that talk from a real page, by version.
var browserClients = map[string]string{
	"2.5.0": "socket.io-client-2.5/dist/socket.io.js",
	"4.8.4": "socket.io-client-4.8/dist/socket.io.js",
}

// TestMatrixInBrowser has many sockets of a page talk to the mirror in both
// directions from their first moment on. Chromium opens six connections at
// most to one server but for websockets, so only some can poll at a time.
func TestMatrixInBrowser(t *testing.T) {
	t.Parallel()
	modes := []struct {
		name, transports string
		count, width     int
	}{
		{"polling", `['polling']`, 30, 3},
		{"websocket", `['websocket']`, 30, 30},
		{"upgrade", `undefined`, 100, 25},
	}
	for version, script := range browserClients {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			m := startMirror(t, "-client", filepath.Join("clients/node_modules", script))
			browser := startBrowser(t)
			for _, mode := range modes {
				t.Run(mode.name, func(t *testing.T) {
					p := openPage(browser, t, m.url)
					p.runs("clients/matrix-talk.mjs", "mirror.js")
					p.talks(m.url, mode.transports, mode.count, mode.width)
					m.untilEmpty()
					p.wantNoErrors()
				})
			}
		})
	}
}

// talks has count sockets of the page talk, width of them at a time, by what
// the page runs.
func (p *tab) talks(url, transports string, count, width int) {
	p.t.Helper()
	texts, err := os.ReadFile("../../../testdata/mirror/texts.json")
	if err != nil {
		p.t.Fatal(err)
	}
	ask[any](p, fmt.Sprintf(`var faults; talkAll(%q, %s, %s, %d, %d).then((all) => { faults = all; }, (err) => { faults = [String(err)]; }); 0`,
		url, texts, transports, count, width))
	p.untilWithin(time.Minute, `faults !== undefined`)
	for i, fault := range ask[[]string](p, `faults`) {
		if i < 20 {
			p.t.Error(fault)
		}
	}
}

// runs has the page run files, modules as if they were scripts.
func (p *tab) runs(files ...string) {
	p.t.Helper()
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			p.t.Fatal(err)
		}
		ask[any](p, strings.ReplaceAll(string(b), "export ", "")+"\n0")
	}
}

// untilWithin waits longer than until does.
func (p *tab) untilWithin(limit time.Duration, expression string) {
	p.t.Helper()
	poll := chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(limit), chromedp.WithPollingInterval(20*time.Millisecond))
	if _, err := chromedp.Run(p.ctx, poll); err != nil {
		p.fail("waiting for %s: %v", expression, err)
	}
}

// openPage loads any page.
func openPage(browser context.Context, t *testing.T, url string) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	p := &tab{t: t, ctx: ctx}
	go p.listen(chromedp.Console(ctx)) // until the tab is closed
	p.do(chromedp.Navigate(url))
	return p
}

// A mirror is testdata/mirror, as it runs.
type mirror struct{ *process }

// startMirror runs the mirror until the test is over.
func startMirror(t *testing.T, args ...string) mirror {
	t.Helper()
	return mirror{startProgram(t, "mirror", args...)}
}

// census is what the mirror tells of who has come and gone.
type census struct {
	Connections int            `json:"connections"`
	Connects    map[string]int `json:"connects"`
	Disconnects map[string]int `json:"disconnects"`
	Answers     map[string]int `json:"answers"`
}

func (m mirror) stats() (c census) {
	m.t.Helper()
	client := http.Client{Timeout: limit}
	response, err := client.Get(m.url + "/stats")
	if err != nil {
		m.t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&c); err != nil {
		m.t.Fatal(err)
	}
	return c
}

// untilEmpty waits until everybody has left.
func (m mirror) untilEmpty() {
	m.t.Helper()
	late := time.After(limit)
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		c := m.stats()
		if c.Connections == 0 && maps.Equal(c.Connects, c.Disconnects) {
			return
		}
		select {
		case <-again.C:
		case <-late:
			m.t.Fatalf("left after %v: %+v", limit, c)
		}
	}
}
