package e2e

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// What one client of the page does, the other is told of, whoever it is.
func TestArrives(t *testing.T) {
	t.Parallel()
	inVariants(t, nil, func(t *testing.T, _ *process, open func() *tab) {
		p := open()
		p.untilShows("visits", "1")
		for n, step := range []struct {
			button, key, value string
			hear, deaf         string
		}{
			{"#first", "pings", "1", "log-b", "log"},
			{"#ping-b", "pings", "2", "log", "log-b"},
			{"#put button[value=socket]", "color", "from 2", "log-b", "log"},
			{"#put button[value=socket-b]", "color", "from 3", "log", "log-b"},
		} {
			p.click("#clear")
			if step.key == "color" {
				p.fill("#put [name=value]", step.value)
			}
			p.click(step.button)
			p.untilShows(step.key, step.value)
			p.untilHeard(step.hear, "changed "+step.key)
			if ask[bool](p, fmt.Sprintf(`$(%q).textContent.includes('changed')`, step.deaf)) {
				t.Errorf("step %d: who made the change is told of it", n)
			}
		}
		p.click("#clear")
		p.fill("#put [name=value]", "over HTTP")
		p.click("#put button[value=http]")
		p.untilHeard("log", "changed color")
		p.untilHeard("log-b", "changed color")
		p.until(`/heard changed color/.test($('told').textContent)`) // read out

		p.login("alice")
		p.click("#join")
		p.until(`!$('say').disabled && !$('say-b').disabled`)
		p.fill("#chat [name=text]", "one")
		p.click("#say")
		p.untilHeard("said-b", "aliceone")
		p.fill("#chat [name=text]", "two")
		p.click("#say-b")
		p.untilHeard("said", "aliceonealicetwo")
		p.wantNoErrors()
	})
}

// An address leads to its place, also from elsewhere; the browser's own buttons lead
// back and forth.
func TestAddressOfPlace(t *testing.T) {
	t.Parallel()
	d := startDemo(t)
	p := openTab(startBrowser(t), t, d)
	inSight := func(place string) {
		t.Helper()
		p.until(fmt.Sprintf(`[...document.querySelectorAll('.place:not([hidden])')].map((p) => p.id).join() === 'at-%s'
			&& document.querySelector('nav [aria-current=page]').hash === '#at-%[1]s'`, place))
	}
	inSight("clients")
	p.do(chromedp.Navigate("about:blank"))
	p.do(chromedp.Navigate(strings.TrimSuffix(d.url, "/") + "/#at-devices"))
	p.until(connected)
	inSight("devices")
	p.goes("chat")
	p.until(`(history.back(), true)`)
	inSight("devices")
	p.until(`(history.forward(), true)`)
	inSight("chat")
	p.until(`(location.hash = '#nowhere', true)`)
	inSight("clients")
	p.wantNoErrors()
}

// After the end, all that is offered works: what would not is disabled, and says why.
func TestOffersWhatMakesSense(t *testing.T) {
	t.Parallel()
	p := openTab(startBrowser(t), t, startDemo(t, "-faults"), viewport(1280, 900))
	const enabled = `[...document.querySelectorAll('main button')].filter((b) => !b.disabled && !b.closest('[hidden]:not(.place)')).map((b) => b.id || b.className.split(' ').pop() || b.form.id)`
	p.click("#ping")
	p.untilShows("pings", "1")
	p.login("alice")
	p.click("#join")
	p.until(`!$('say').disabled && !$('say-b').disabled`)

	p.goes("clients")
	p.click("#logout button")
	p.until(ended)
	p.until(`$('devices').children.length === 0`)
	got := strings.Join(ask[[]string](p, enabled), " ")
	if want := "clear refresh login login-now login-now copy copy"; got != want {
		t.Errorf("after the end it offers %q, want %q", got, want)
	}
	for _, why := range ask[[]string](p, `[...document.querySelectorAll('[data-needs]')].map((b) => b.title)`) {
		if !strings.HasPrefix(why, "The session has ended.") {
			t.Errorf("a button that is not offered says %q", why)
		}
	}
	for _, place := range []string{"clients", "chat"} {
		p.goes(place)
		if !ask[bool](p, `document.querySelector('.place:not([hidden]) .why').checkVisibility()`) {
			t.Errorf("%s does not say why it offers little", place)
		}
	}

	// A login is a way back, as the new session is.
	p.login("bob")
	p.until(`$('banner').hidden && !$('ping').disabled && [...document.querySelectorAll('.why')].every((why) => why.hidden)`)
	p.click("#ping")
	p.untilShows("pings", "1")
	p.click("#join")
	p.until(`!$('say').disabled && !$('say-b').disabled`)
	p.wantNoErrors("401")
}

// Whoever has no mouse gets everywhere, sees where, and is not left in the void.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	p := openTab(startBrowser(t), t, startDemo(t), viewport(1280, 900))
	press := func(keys string) {
		t.Helper()
		p.do(chromedp.KeyEvent(keys))
	}
	const focused = `(() => { const e = document.activeElement; return e.id || e.hash || e.name || e.dataset.key || e.textContent.trim(); })()`
	// tab goes on until something has the focus, and fails where one cannot see what has.
	tab := func(to string) {
		t.Helper()
		for range 60 {
			press(kb.Tab)
			if !ask[bool](p, `document.activeElement === document.body || getComputedStyle(document.activeElement).outlineStyle !== 'none'`) {
				t.Errorf("one cannot see that %s has the focus", ask[string](p, focused))
			}
			if ask[string](p, focused) == to {
				return
			}
		}
		p.fail("the key Tab never gets to %s", to)
	}
	tab("#main")
	press(kb.Enter)
	tab("first")
	press(kb.Enter)
	p.untilHeard("log-b", "changed pings")
	p.untilShows("pings", "1")
	tab("ping-b")
	press(" ")
	p.untilHeard("log", "changed pings")
	tab("user")
	press(kb.Enter)
	p.until(connected + ` && $('user').textContent === 'alice'`)

	tab("#at-chat")
	press(kb.Enter)
	p.until(`!$('at-chat').hidden && document.activeElement === $('chat-title')`)
	tab("join")
	press(kb.Enter)
	p.until(`!$('say').disabled && !$('say-b').disabled`)
	tab("text")
	press(kb.Enter)
	p.untilHeard("said-b", "aliceHello")
	p.do(chromedp.NavigateBack())
	p.until(`!$('at-clients').hidden && ` + connected) // without a reload
	if n := ask[string](p, `$('rows').textContent`); !strings.Contains(n, "visits1") {
		t.Errorf("going back has loaded the page again: %s", n)
	}

	tab("Log out")
	press(kb.Enter)
	p.until(ended + ` && document.activeElement === $('banner-button')`)
	press(kb.Enter)
	p.until(connected + ` && $('banner').hidden && document.activeElement.tagName === 'H1'`)
}

// The command on the page starts a second server that has the session.
func TestSecondServer(t *testing.T) {
	t.Parallel()
	browser := startBrowser(t)
	here := startDemo(t, "-store", startRedis(t), "-scope", "message")
	p := openTab(browser, t, here, viewport(1280, 900))
	p.goes("servers")
	p.screenshot("servers-redis")
	command := strings.Fields(ask[string](p, `$('command-next').textContent`))
	if got := strings.Join(command[:3], " "); got != "go run ./cmd/demo" {
		t.Fatalf("the command is %q", command)
	}
	p.click("[data-copies=command-next]")
	p.until(`/^Copied|^Selected/.test(document.querySelector('[data-copies=command-next]').textContent)`)
	flags, address := command[3:len(command)-1], command[len(command)-1]
	next, err := url.Parse(ask[string](p, `$('next-link').href`))
	if err != nil || next.Host != address || "http://"+address == here.url || next.Hostname() != "127.0.0.1" {
		t.Errorf("beside %s, the command is for %s and the link to %v", here.url, address, next)
	}
	there := startProgram(t, "demo", append(flags, "127.0.0.1:0")...) // that port may be taken here

	other := openTab(browser, t, there, viewport(1280, 900))
	p.goes("clients")
	for _, p := range []*tab{p, other} {
		p.untilShows("visits", "2")
	}
	if one, two := ask[string](p, `$('id').title`), ask[string](other, `$('id').title`); one != two {
		t.Errorf("the servers show the sessions %s and %s", one, two)
	}
	other.click("#pings")
	p.click("#pings")
	for _, p := range []*tab{p, other} {
		p.untilShows("pings", "50")
	}
	other.click("#clear")
	p.click("#put button[value=socket-b]")
	other.untilHeard("log", "changed color")
	other.untilHeard("log-b", "changed color")
	other.click("#logout button")
	p.until(ended)
}

// Where socket.io.js does not load, the page says so, and offers nothing that needs it.
func TestNoClient(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty.js")
	if err := os.WriteFile(empty, []byte("void 0"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := openPage(startBrowser(t), t, startDemo(t, "-client", empty).url)
	p.until(`$('state').textContent === 'no client' && $('first').disabled && $('join').disabled`)
	p.untilLogged("A script did not load")
	p.goes("servers") // which needs no client
}
