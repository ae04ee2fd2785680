package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// soon is how long a page may take to show what has happened: the tests share two
// cores with others.
const soon = 6 * time.Second

// startBrowser runs a headless Chromium with an empty profile until the test
// is over.
func startBrowser(t *testing.T) context.Context {
	t.Helper()
	path := findBrowser()
	if path == "" {
		t.Fatal("these tests need a browser: chromium, chromium-browser or google-chrome")
	}
	// Without these, Chromium talks to its maker's servers.
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.Headless,
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.NoFirstRun,
	}
	for _, flag := range []string{"disable-quic", "disable-background-networking", "disable-component-update", "disable-sync"} {
		options = append(options, chromedp.Flag(flag, true))
	}
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	browser, cancel := chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(browser); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	// Closed in order, or the profile's folder is still in use when it is removed.
	t.Cleanup(func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(browser), limit)
		defer cancel()
		_ = chromedp.Cancel(closing)
	})
	return browser
}

func findBrowser() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// A tab shows the demo's page.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu     sync.Mutex
	errors []string // what the page wrote to the console as errors
}

// connected says in JavaScript that the page's clients are where they stay.
const connected = `$('state').textContent === 'connected' && $('transport').textContent === 'websocket' && $('transport-b').textContent === 'websocket'`

// openTab loads the page and waits until its socket has connected.
func openTab(browser context.Context, t *testing.T, d *process, steps ...chromedp.Action[chromedp.Void]) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	p := &tab{t: t, ctx: ctx}
	go p.listen(chromedp.Console(ctx)) // until the tab is closed
	p.do(steps...)
	p.do(chromedp.Navigate(d.url))
	p.until(connected)
	return p
}

func (p *tab) listen(messages func(func(chromedp.ConsoleMessage, error) bool)) {
	for m, err := range messages {
		if err != nil {
			return
		}
		if m.Type == chromedp.ConsoleError || m.Type == chromedp.ConsoleWarning || m.IsException() {
			p.mu.Lock()
			p.errors = append(p.errors, fmt.Sprint(m.Type, " ", m.URL, " ", m.Text))
			p.mu.Unlock()
		}
	}
}

// leftBehind reports whether an error is what a client says while the server ends its
// connection: its last poll finds the connection gone, or it answers an event that has
// come together with the end.
func leftBehind(text string) bool {
	return strings.Contains(text, "transport=polling") && strings.Contains(text, "sid=") && strings.Contains(text, "status of 400") ||
		strings.Contains(text, "socket.io.js") && strings.Contains(text, "WebSocket is already in CLOSING")
}

// wantNoErrors fails the test when the console shows an error that contains
// none of the allowed texts, and is not left behind.
func (p *tab) wantNoErrors(allowed ...string) {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
next:
	for _, text := range p.errors {
		if leftBehind(text) {
			continue
		}
		for _, part := range allowed {
			if strings.Contains(text, part) {
				continue next
			}
		}
		p.t.Errorf("on the console: %s", text)
	}
}

func (p *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, limit)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.fail("%v", err)
	}
}

// reveal goes to the place of the page that an element is in, as a visitor does, and
// moves it from below the bar.
func (p *tab) reveal(selector string) {
	p.t.Helper()
	ask[any](p, fmt.Sprintf(`(() => {
		const found = document.querySelector(%q);
		const place = found && found.closest('.place[hidden]');
		if (place) document.querySelector('nav a[href="#' + place.id + '"]').click();
		if (found) found.scrollIntoView({ block: 'center' });
	})(), 0`, selector))
}

func (p *tab) click(selector string) {
	p.t.Helper()
	p.reveal(selector)
	p.do(chromedp.Click(chromedp.CSS(selector)))
}

// fill writes text into the field, in place of what is there.
func (p *tab) fill(selector, text string) {
	p.t.Helper()
	p.reveal(selector)
	p.do(chromedp.SetValue(chromedp.CSS(selector), text))
}

// until waits for the JavaScript expression to become true.
func (p *tab) until(expression string) {
	p.t.Helper()
	poll := chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(soon), chromedp.WithPollingInterval(20*time.Millisecond))
	if _, err := chromedp.Run(p.ctx, poll); err != nil {
		p.fail("waiting for %s: %v", expression, err)
	}
}

// shows tells in JavaScript whether both clients and HTTP see the value of the key.
func shows(key, value string) string {
	return fmt.Sprintf(`['rows-a', 'rows-b', 'rows'].every((side) => {
		const tr = [...$(side).rows].find((tr) => tr.cells[0].textContent === %q);
		return tr && tr.cells[1].textContent === %q;
	})`, key, value)
}

// untilShows waits until the page shows the value of the key on every side.
func (p *tab) untilShows(key, value string) {
	p.t.Helper()
	p.until(shows(key, value))
}

// untilLogged waits for a line with this text of client A or of HTTP.
func (p *tab) untilLogged(text string) {
	p.t.Helper()
	p.until(fmt.Sprintf(`($('log').textContent + '\n' + $('log-http').textContent).includes(%q)`, text))
}

// ask returns what the JavaScript expression is.
func ask[T any](p *tab, expression string) T {
	p.t.Helper()
	value, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		p.fail("%s: %v", expression, err)
	}
	return value
}

// fail ends the test with what the page shows.
func (p *tab) fail(format string, args ...any) {
	p.t.Helper()
	p.screenshot("failed-" + strings.ReplaceAll(p.t.Name(), "/", "-"))
	text, _ := chromedp.Run(p.ctx, chromedp.Evaluate[string](`document.body.innerText`))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.t.Fatalf("%s\non the console: %q\nthe page shows:\n%s", fmt.Sprintf(format, args...), p.errors, text)
}

// screenshot saves the whole page as screenshots/<name>.png.
func (p *tab) screenshot(name string) {
	p.t.Helper()
	p.saves(name, chromedp.FullScreenshot(100))
}

// saves saves what a way of taking a screenshot returns.
func (p *tab) saves(name string, take chromedp.Action[[]byte]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, limit)
	defer cancel()
	_, err := chromedp.Run(ctx, chromedp.Evaluate[any](`scrollTo(0, 0)`)) // where a visitor starts
	var png []byte
	if err == nil {
		png, err = chromedp.Run(ctx, take)
	}
	if err == nil {
		err = os.MkdirAll("screenshots", 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join("screenshots", name+".png"), png, 0o644)
	}
	if err != nil {
		p.t.Errorf("screenshot %s: %v", name, err)
	}
}

func viewport(width, height int64) chromedp.Action[chromedp.Void] {
	return chromedp.EmulateViewport(width, height)
}

// dark makes the browser prefer dark pages, light those of the day.
func dark() chromedp.Action[chromedp.Void]  { return prefer("color-scheme", "dark") }
func light() chromedp.Action[chromedp.Void] { return prefer("color-scheme", "light") }

func prefer(what, value string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-" + what, Value: value}},
		})
		return err
	})
}
