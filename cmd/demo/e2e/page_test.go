// Package e2e drives the demo's page in a real browser. It is a module of its
// own, so that nobody who uses the library needs a browser's driver.
package e2e

import (
	"fmt"
	"strings"
	"testing"
)

var scopes = []string{"connection", "message"}

func TestPingsAndValues(t *testing.T) {
	for _, scope := range scopes {
		t.Run(scope, func(t *testing.T) {
			p := openTab(startBrowser(t), t, startDemo(t, "-faults", "-scope", scope), viewport(1280, 900))
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
			if ask[bool](p, `$('rows').textContent.includes('panicked')`) {
				t.Error("the handler that panicked has changed the session")
			}
			p.screenshot("values-" + scope)
			p.wantNoErrors()
		})
	}
}

func TestLogin(t *testing.T) {
	for _, scope := range scopes {
		t.Run(scope, func(t *testing.T) {
			p := openTab(startBrowser(t), t, startDemo(t, "-scope", scope), viewport(1280, 900))
			p.click("#ping")
			p.untilShows("pings", "1")
			before := ask[string](p, `$('id').title`)

			p.click("#join")
			p.untilLogged("/chat refused: login_required")
			p.until(`$('state').textContent === 'connected'`)

			p.fill("#login [name=user]", "alice")
			p.click("#login button")
			p.until(`$('user').textContent === 'alice' && $('state').textContent === 'connected'`)
			p.untilShows("pings", "1")
			p.untilShows("user", "alice")
			p.until(fmt.Sprintf(`$('id').title !== %q`, before))
			p.click("#ping")
			p.untilShows("pings", "2")
			p.until(`$('banner').hidden`)

			p.click("#join")
			p.until(`!$('say').disabled`)
			p.fill("#chat [name=text]", "hello there")
			p.click("#say")
			p.untilLogged("/chat alice:hello there")
			p.screenshot("login-" + scope)
			p.wantNoErrors()

			p.click("#logout button")
			p.until(`$('state').textContent === 'session ended' && !$('banner').hidden`)
			p.until(`$('user').textContent === 'nobody' && $('id').textContent === 'none'`)
			p.until(`$('say').disabled`)
			p.screenshot("logout-" + scope)

			// A way back, with a session that knows nothing of the one before.
			p.click("#banner-button")
			p.until(`$('state').textContent === 'connected' && $('banner').hidden`)
			p.untilShows("visits", "1")
			p.click("#ping")
			p.untilShows("pings", "1")
			p.wantNoErrors("401") // the page asks for the session that it has not
		})
	}
}

func TestTwoTabs(t *testing.T) {
	for _, scope := range scopes {
		t.Run(scope, func(t *testing.T) {
			browser, d := startBrowser(t), startDemo(t, "-scope", scope)
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
			first.wantNoErrors()
			second.wantNoErrors()

			first.click("#logout button")
			first.until(`$('state').textContent === 'session ended'`)
			second.until(`$('state').textContent === 'session ended' && !$('banner').hidden`)
			second.screenshot("second-tab-" + scope)
		})
	}
}

func TestServerGoesAway(t *testing.T) {
	d := startDemo(t)
	p := openTab(startBrowser(t), t, d, viewport(1280, 900))
	d.stop()
	p.until(`$('state').textContent === 'reconnecting' && !$('banner').hidden`)
	p.until(`$('banner').textContent.includes('going away')`)
	p.screenshot("going-away")
}

// TestNarrow looks at the page as a telephone shows it.
func TestNarrow(t *testing.T) {
	p := openTab(startBrowser(t), t, startDemo(t, "-faults"), viewport(360, 740))
	p.fill("#put [name=key]", strings.Repeat("k", 64))
	p.fill("#put [name=value]", strings.Repeat("long ", 20)+strings.Repeat("x", 100))
	p.click("#put button[value=http]")
	p.until(`$('rows').textContent.includes('xxxx')`)
	if wide := ask[int](p, `document.documentElement.scrollWidth`); wide > 360 {
		t.Errorf("the page is %d px wide on a screen of 360", wide)
	}
	p.screenshot("narrow")
	p.click("#logout button")
	p.until(`!$('banner').hidden`)
	if wide := ask[int](p, `document.documentElement.scrollWidth`); wide > 360 {
		t.Errorf("with its banner, the page is %d px wide on a screen of 360", wide)
	}
	p.screenshot("narrow-ended")
}

func TestDark(t *testing.T) {
	p := openTab(startBrowser(t), t, startDemo(t, "-faults"), viewport(1280, 900), dark())
	p.click("#ping")
	p.untilShows("pings", "1")
	// The brightness of a colour as the browser draws it, 0 to 255.
	brightness := func(property string) float64 {
		return ask[float64](p, fmt.Sprintf(`(() => {
			const canvas = document.createElement('canvas').getContext('2d');
			canvas.fillStyle = getComputedStyle(document.body).%s;
			canvas.fillRect(0, 0, 1, 1);
			const [r, g, b] = canvas.getImageData(0, 0, 1, 1).data;
			return (r + g + b) / 3;
		})()`, property))
	}
	if back, text := brightness("backgroundColor"), brightness("color"); back > 60 || text < 180 {
		t.Errorf("brightness %v on %v, want light on dark", text, back)
	}
	p.screenshot("dark")
	p.wantNoErrors()
}
