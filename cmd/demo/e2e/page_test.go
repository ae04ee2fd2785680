// Package e2e drives the demo's page in a real browser. It is a module of its
// own, so that nobody who uses the library needs a browser's driver.
package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// variants are the pages that a test looks at: each scope once, and the clients of
// both versions of the protocol.
var variants = map[string][]string{
	"connection": {"-scope", "connection"},
	"message":    {"-scope", "message", "-client", modernClient},
}

// modernClient is what the demo does not serve by itself.
const modernClient = "clients/node_modules/socket.io-client-4.8/dist/socket.io.js"

func TestPingsAndValues(t *testing.T) {
	t.Parallel()
	for scope, flags := range variants {
		t.Run(scope, func(t *testing.T) {
			t.Parallel()
			p := openTab(startBrowser(t), t, startDemo(t, append(flags, "-faults")...), viewport(1280, 900))
			p.untilShows("visits", "1")
			p.screenshot("start-" + scope)

			p.click("#ping")
			p.untilShows("pings", "1")
			p.click("#pings")
			p.untilShows("pings", "26")

			p.fill("#put [name=value]", "teal")
			p.click("#put button[value=socket]")
			p.untilShows("color", "teal")
			p.fill("#put [name=value]", "häß <b>字</b> 🎉")
			p.click("#put button[value=http]")
			p.untilShows("color", "häß <b>字</b> 🎉")
			p.click(`[data-key="color"]`)
			p.until(`!document.querySelector('[data-key="color"]')`)

			p.click("#blob")
			p.untilLogged("event blob")
			p.click("#slow")
			p.untilLogged("true · 2")
			p.click("#panic")
			p.untilLogged("internal: ")
			p.click("#ping")
			p.untilShows("pings", "27")
			if ask[bool](p, `document.querySelector('.stage').textContent.includes('panicked')`) {
				t.Error("the handler that panicked has changed the session")
			}
			p.screenshot("values-" + scope)
			p.wantNoErrors()
		})
	}
}

func TestLogin(t *testing.T) {
	t.Parallel()
	for scope, flags := range variants {
		t.Run(scope, func(t *testing.T) {
			t.Parallel()
			p := openTab(startBrowser(t), t, startDemo(t, flags...), viewport(1280, 900))
			p.click("#ping")
			p.untilShows("pings", "1")
			before := ask[string](p, `$('id').title`)

			p.click("#join")
			p.untilLogged("/chat refused: login_required")
			p.until(connected)

			p.fill("#login [name=user]", "alice")
			p.click("#login button")
			p.until(connected + ` && $('user').textContent === 'alice'`)
			p.untilShows("pings", "1")
			p.untilShows("user", "alice")
			p.until(fmt.Sprintf(`$('id').title !== %q`, before))
			p.click("#ping")
			p.untilShows("pings", "2")
			p.until(`$('banner').hidden`)

			p.click("#join")
			p.until(`!$('say').disabled && !$('say-b').disabled`)
			p.fill("#chat [name=text]", "hello there")
			p.click("#say")
			p.untilLogged("/chat alice:hello there")
			p.screenshot("login-" + scope)

			// The next login takes the chat along.
			p.fill("#login [name=user]", "bob")
			p.click("#login button")
			p.until(connected + ` && $('user').textContent === 'bob' && !$('say').disabled && !$('say-b').disabled`)
			p.click("#say")
			p.untilLogged("/chat bob:hello there")
			p.until(`$('banner').hidden`)
			p.wantNoErrors()

			p.click("#logout button")
			p.until(`$('state').textContent === 'session ended' && !$('banner').hidden`)
			p.until(`$('user').textContent === 'nobody' && $('id').textContent === 'none'`)
			p.until(`$('say').disabled && $('transport').textContent === 'none'`)
			p.untilLogged("socket and /chat ended: destroyed")
			p.screenshot("logout-" + scope)

			// A way back, with a session that knows nothing of the one before.
			p.click("#banner-button")
			p.until(connected + ` && $('banner').hidden`)
			p.untilShows("visits", "1")
			p.click("#ping")
			p.untilShows("pings", "1")
			p.wantNoErrors("401") // the page asks for the session that it has not
		})
	}
}

// The devices of a user come and go in every browser of theirs, and each can end any.
func TestDevices(t *testing.T) {
	t.Parallel()
	for scope, flags := range variants {
		t.Run(scope, func(t *testing.T) {
			t.Parallel()
			d := startDemo(t, flags...)
			desk, phone := openTab(startBrowser(t), t, d, viewport(1280, 900)), openTab(startBrowser(t), t, d, viewport(360, 740))
			desk.until(`$('devices').children.length === 0 && !$('nowhere').hidden && $('everywhere').hidden`)
			login := func(p *tab) {
				p.fill("#login [name=user]", "alice")
				p.click("#login button")
				p.until(connected + ` && $('user').textContent === 'alice'`)
			}
			login(desk)
			desk.until(`$('devices').textContent.startsWith('This browser')`)
			login(phone)
			for _, p := range []*tab{desk, phone} {
				p.until(`$('devices').children.length === 2 && $('nowhere').hidden`)
			}
			phone.screenshot("devices-narrow-" + scope)
			if wide := ask[int](phone, `document.documentElement.scrollWidth`); wide > 360 {
				t.Errorf("the page is %d px wide on a screen of 360", wide)
			}
			desk.click(`#devices button[aria-label^="Log out Another"]`)
			phone.until(`$('session-state').textContent === 'session.state: invalid, destroyed' && $('devices').children.length === 0`)
			desk.until(`$('devices').children.length === 1`)
			desk.until(connected)

			phone.click("#banner-button")
			phone.until(connected)
			login(phone)
			desk.until(`$('devices').children.length === 2`)
			desk.screenshot("devices-" + scope)
			phone.click("#everywhere button")
			for _, p := range []*tab{desk, phone} {
				p.until(`$('session-state').textContent === 'session.state: invalid, destroyed' && $('devices').children.length === 0`)
			}
			desk.wantNoErrors("401")
		})
	}
}

func TestTwoTabs(t *testing.T) {
	t.Parallel()
	for scope, flags := range variants {
		t.Run(scope, func(t *testing.T) {
			t.Parallel()
			browser, d := startBrowser(t), startDemo(t, flags...)
			first := openTab(browser, t, d, viewport(1280, 900))
			second := openTab(browser, t, d, viewport(1280, 900))
			first.untilShows("visits", "2")

			for i, p := range []*tab{first, second, first} {
				p.click("#ping")
				first.untilShows("pings", fmt.Sprint(i+1))
				second.untilShows("pings", fmt.Sprint(i+1))
			}
			first.fill("#put [name=value]", "over the socket")
			first.click("#put button[value=socket]")
			second.untilShows("color", "over the socket")
			second.fill("#put [name=value]", "over HTTP")
			second.click("#put button[value=http]")
			first.untilShows("color", "over HTTP")

			// A login in one tab brings the other back by itself, without a word of it.
			for _, p := range []*tab{first, second} {
				ask[int](p, countBanners)
			}
			first.fill("#login [name=user]", "alice")
			first.click("#login button")
			for _, p := range []*tab{first, second} {
				p.until(connected + ` && $('user').textContent === 'alice'`)
				p.untilShows("user", "alice")
				p.untilShows("pings", "3")
			}
			if one, two := ask[string](first, `$('id').title`), ask[string](second, `$('id').title`); one != two {
				t.Errorf("the tabs show the sessions %s and %s", one, two)
			}
			second.untilLogged("socket closed: renewed")
			time.Sleep(1500 * time.Millisecond) // longer than the script waits before it reconnects
			for _, p := range []*tab{first, second} {
				if n := ask[int](p, `$('log').textContent.split('socket connected').length - 1`); n != 2 {
					t.Errorf("connected %d times, want once before and once after the login", n)
				}
				if n := ask[int](p, `banners`); n != 0 {
					t.Errorf("the login showed %d banners", n)
				}
				p.wantNoErrors()
			}

			first.click("#logout button")
			for _, p := range []*tab{first, second} {
				p.until(`$('state').textContent === 'session ended' && !$('banner').hidden`)
				p.until(`$('banner-title').textContent === 'The session has ended'`)
				p.until(`$('session-state').textContent === 'session.state: invalid, destroyed'`)
				p.untilLogged("socket ended: destroyed")
			}
			if !ask[bool](second, `$('join').disabled`) {
				t.Error("the chat is offered without a session")
			}
			ask[any](second, `join(); 0`)
			second.untilLogged("/chat refused: no_cookie")
			second.screenshot("second-tab-" + scope)
		})
	}
}

// countBanners counts in banners how often the page has shown one.
const countBanners = `
	var banners = 0;
	new MutationObserver(() => { banners += !$('banner').hidden; }).observe($('banner'), { attributes: true });
	0`

func TestExpiry(t *testing.T) {
	t.Parallel()
	p := openTab(startBrowser(t), t, startDemo(t, "-lifetime", "6s"), viewport(1280, 900))
	p.untilWithin(2*soon, `$('state').textContent === 'session ended' && !$('banner').hidden`)
	p.until(`$('banner-title').textContent === 'The session has expired'`)
	p.until(`$('empty').textContent === 'There is no session.' && $('logout').hidden`)
	p.untilLogged("socket ended: expired")
	p.screenshot("expired")
	p.click("#banner-button")
	p.until(connected + ` && $('banner').hidden`)
	p.untilShows("visits", "1")
}

func TestServerRestarts(t *testing.T) {
	t.Parallel()
	for scope, flags := range variants {
		t.Run(scope, func(t *testing.T) {
			t.Parallel()
			d := startDemo(t, flags...)
			p := openTab(startBrowser(t), t, d, viewport(1280, 900))
			d.stop()
			p.until(`$('state').textContent === 'reconnecting' && !$('banner').hidden`)
			p.until(`$('banner').textContent.includes('going away')`)
			p.until(`$('session-state').textContent.startsWith('session.state: pending')`)
			p.until(`!$('empty').hidden && $('empty').textContent.startsWith('Not known')`)
			p.until(`$('ping').disabled && $('ping').title.startsWith('The clients are reconnecting.')`)
			p.untilLogged("socket closed: going_away")
			p.screenshot("going-away-" + scope)

			// Its memory is gone.
			startDemo(t, append(flags, "-addr", strings.TrimPrefix(d.url, "http://"))...)
			p.until(`$('banner-title').textContent === 'The server does not know this session'`)
			p.until(`$('state').textContent === 'session ended' && $('session-state').textContent === 'session.state: invalid, unknown'`)
			p.untilLogged("socket refused: unknown")
			p.click("#banner-button")
			p.until(connected + ` && $('banner').hidden`)
			p.untilShows("visits", "1")
		})
	}
}
