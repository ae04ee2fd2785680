package e2e

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// What the page says of its session.
const (
	ended   = `$('state').textContent === 'session ended' && !$('banner').hidden && $('transport').textContent === 'none'`
	away    = `$('state').textContent === 'reconnecting' && $('transport').textContent === 'none'`
	isAlice = connected + ` && $('user').textContent === 'alice' && $('banner').hidden`
)

// inVariants runs a test with a browser and a demo of each variant, with
// further flags.
func inVariants(t *testing.T, more []string, test func(t *testing.T, d *process, open func() *tab)) {
	t.Helper()
	for name, flags := range variants {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			browser, d := startBrowser(t), startDemo(t, append(flags, more...)...)
			test(t, d, func() *tab {
				t.Helper()
				return openTab(browser, t, d, viewport(1280, 900))
			})
		})
	}
}

func (p *tab) login(user string) {
	p.t.Helper()
	p.fill("#login [name=user]", user)
	p.click("#login button")
	p.until(fmt.Sprintf(connected+` && $('user').textContent === %q`, user))
}

// pings sends one and waits until it is counted as the nth.
func (p *tab) pings(n int) {
	p.t.Helper()
	p.click("#ping")
	p.untilShows("pings", strconv.Itoa(n))
}

// TestBackForward leaves the page and comes back to it as it was: browsers keep
// pages in memory, but no connection of theirs.
func TestBackForward(t *testing.T) {
	t.Parallel()
	inVariants(t, nil, func(t *testing.T, _ *process, open func() *tab) {
		p, other := open(), open()
		pings := func(n int) string { return shows("pings", strconv.Itoa(n)) }
		p.pings(1)

		p.leave()
		other.pings(2)
		p.back(connected + ` && $('banner').hidden && ` + pings(2))
		ask[any](p, `$('ping').click()`)
		p.says(pings(3))

		p.leave()
		other.login("alice")
		p.back(isAlice)
		ask[any](p, `$('ping').click()`)
		p.says(pings(4))
		p.wantNoErrors()

		p.leave()
		other.click("#logout button")
		other.until(ended)
		p.back(ended + ` && $('user').textContent === 'nobody' && $('id').textContent === 'none'`)
		ask[any](p, `$('banner-button').click()`)
		p.says(connected + ` && $('banner').hidden && ` + shows("visits", "1"))
	})
}

// TestOffline takes the network from a tab. Newer clients notice at once, older
// ones when a heartbeat is missing, which takes too long for a test.
func TestOffline(t *testing.T) {
	t.Parallel()
	inVariants(t, nil, func(t *testing.T, _ *process, open func() *tab) {
		p, other := open(), open()
		modern := ask[bool](p, `io.protocol >= 5`)
		offline := func() {
			t.Helper()
			p.offline(true)
			if modern {
				p.until(away)
			}
		}
		online := func(state string) {
			t.Helper()
			p.offline(false)
			p.untilWithin(3*soon, state) // a client may wait for seconds before it tries again
		}

		p.pings(1)
		offline()
		p.click("#put button[value=http]")
		p.untilLogged("Failed to fetch")
		other.pings(2)
		online(connected + ` && $('banner').hidden`)
		p.pings(3)

		offline()
		other.login("alice")
		online(isAlice)
		p.untilShows("user", "alice")
		p.pings(4)
		p.wantNoErrors("ERR_INTERNET_DISCONNECTED")

		offline()
		other.click("#logout button")
		other.until(ended)
		online(ended)
		p.until(`$('user').textContent === 'nobody' && $('id').textContent === 'none'`)
		p.screenshot("offline-" + t.Name()[strings.LastIndex(t.Name(), "/")+1:])
	})
}

// TestIdle lets a session live for as long as one of its tabs is used, and not
// longer.
func TestIdle(t *testing.T) {
	t.Parallel()
	const idle = 4 * time.Second
	inVariants(t, []string{"-idle", idle.String()}, func(t *testing.T, _ *process, open func() *tab) {
		p, other := open(), open()
		n := 0
		for begun := time.Now(); time.Since(begun) < 2*idle; {
			n++
			p.pings(n)
		}
		for _, p := range []*tab{p, other} {
			if !ask[bool](p, connected) {
				p.fail("a tab was not kept alive by the other")
			}
		}
		used := time.Now()
		for _, p := range []*tab{p, other} {
			p.until(ended)
			p.until(`$('banner-title').textContent === 'The session has expired'`)
			p.untilLogged("socket ended: expired")
			p.until(`$('empty').textContent === 'There is no session.'`)
		}
		if took := time.Since(used); took < idle/2 {
			t.Errorf("it ended %v after its last use", took)
		}
		p.click("#banner-button")
		for _, p := range []*tab{p, other} { // the other one comes along
			p.until(connected + ` && $('banner').hidden && $('id').textContent !== 'none'`)
		}
	})
}

// TestRestartWithRedis ends the server and starts it again. What was in its
// memory is saved when it is told to end, and may be lost when it is killed.
func TestRestartWithRedis(t *testing.T) {
	t.Parallel()
	for name, flags := range variants {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			flags := append(flags, "-store", startRedis(t))
			d := startDemo(t, flags...)
			p := openTab(startBrowser(t), t, d, viewport(1280, 900))
			flags = append(flags, "-addr", strings.TrimPrefix(d.url, "http://"))
			p.login("alice")
			id := ask[string](p, `$('id').title`)

			p.fill("#put [name=value]", "saved at the end")
			p.click("#put button[value=socket]")
			p.untilLogged(`emit("put", "color","saved at the end")`)
			d.stop()
			p.until(away + ` && $('banner-title').textContent === 'The server is going away'`)
			d = startDemo(t, flags...)
			p.untilWithin(3*soon, isAlice)
			p.untilShows("color", "saved at the end")
			p.pings(1)

			_ = d.cmd.Process.Kill()
			_ = d.cmd.Wait()
			p.until(away)
			startDemo(t, flags...)
			p.untilWithin(3*soon, isAlice)
			p.untilShows("pings", "1")
			p.untilShows("color", "saved at the end")
			if now := ask[string](p, `$('id').title`); now != id {
				t.Errorf("the session is %s, was %s", now, id)
			}
			p.pings(2)
		})
	}
}
