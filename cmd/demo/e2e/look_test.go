package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// placeNames are those of the page's places, first the one that it begins with.
var placeNames = []string{"clients", "chat", "devices", "servers"}

// goes follows the link to a place.
func (p *tab) goes(place string) {
	p.t.Helper()
	p.click(`nav a[href="#at-` + place + `"]`)
	p.until(fmt.Sprintf(`!$('at-%s').hidden && document.querySelectorAll('.place:not([hidden])').length === 1`, place))
}

// TestLooks looks at every place before a login, after it and after the logout, on a
// small and a large screen, light and dark: nothing is wider than the screen, nothing is
// hard to read, nothing is without a name.
func TestLooks(t *testing.T) {
	t.Parallel()
	for _, screen := range []struct {
		name          string
		width, height int64
		scheme        chromedp.Action[chromedp.Void]
	}{
		{"320-light", 320, 640, light()},
		{"320-dark", 320, 640, dark()},
		{"1280-light", 1280, 900, light()},
		{"1280-dark", 1280, 900, dark()},
	} {
		t.Run(screen.name, func(t *testing.T) {
			t.Parallel()
			p := openTab(startBrowser(t), t, startDemo(t, "-faults"), viewport(screen.width, screen.height), screen.scheme)
			look := func(when string) {
				t.Helper()
				for _, place := range placeNames {
					p.goes(place)
					p.screenshot(strings.Join([]string{"look", screen.name, when, place}, "-"))
					for _, fault := range ask[[]string](p, `faultsOf(`+fmt.Sprint(screen.width)+`)`) {
						t.Errorf("%s, %s: %s", when, place, fault)
					}
				}
				p.goes(placeNames[0])
			}
			p.runs("look.js")
			p.click("#first")
			p.untilHeard("log-b", "changed pings")
			look("guest")
			p.login("alice")
			p.click("#join")
			p.until(`!$('say').disabled && !$('say-b').disabled`)
			p.click("#say")
			p.until(`$('said-b').textContent === 'aliceHello'`)
			look("user")
			p.click("#logout button")
			p.until(ended)
			look("ended")
		})
	}
}

// untilHeard waits until a log of the page has a line with this text.
func (p *tab) untilHeard(log, text string) {
	p.t.Helper()
	p.until(fmt.Sprintf(`$(%q).textContent.includes(%q)`, log, text))
}

// staying is in JavaScript how much of the screen does not move when the page is scrolled.
const staying = `[...document.querySelectorAll('body *')].filter((e) => /sticky|fixed/.test(getComputedStyle(e).position))
	.reduce((sum, e) => sum + e.offsetHeight, 0)`

// TestNarrow looks at the page as a telephone shows it.
func TestNarrow(t *testing.T) {
	t.Parallel()
	p := openTab(startBrowser(t), t, startDemo(t, "-faults"), viewport(360, 740))
	p.fill("#put [name=key]", strings.Repeat("k", 64))
	p.fill("#put [name=value]", strings.Repeat("long ", 20)+strings.Repeat("x", 100))
	p.click("#put button[value=http]")
	p.until(`$('rows').textContent.includes('xxxx')`)
	if wide := ask[int](p, `document.documentElement.scrollWidth`); wide > 360 {
		t.Errorf("the page is %d px wide on a screen of 360", wide)
	}
	for _, side := range []string{"rows-a", "rows-b", "rows"} {
		if wide := ask[float64](p, `$('`+side+`').rows[0].cells[1].offsetWidth`); wide < 120 {
			t.Errorf("next to a long key, the values of %s are %v px wide", side, wide)
		}
	}
	p.screenshot("narrow")
	p.click("#logout button")
	p.until(`!$('banner').hidden`)
	if !ask[bool](p, `(({ top, bottom }) => top >= 0 && bottom <= innerHeight)($('banner').getBoundingClientRect())`) {
		t.Error("the banner is out of sight")
	}
	if high := ask[float64](p, staying); high > 740/8 {
		t.Errorf("%v px of a screen of 740 stay in the way when the page is scrolled", high)
	}
	if wide := ask[int](p, `document.documentElement.scrollWidth`); wide > 360 {
		t.Errorf("with its banner, the page is %d px wide on a screen of 360", wide)
	}
	p.screenshot("narrow-ended")
}

func TestDark(t *testing.T) {
	t.Parallel()
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

// Nothing moves for those who ask for that.
func TestStill(t *testing.T) {
	t.Parallel()
	browser, d := startBrowser(t), startDemo(t)
	for motion, moves := range map[string]bool{"no-preference": true, "reduce": false} {
		p := openTab(browser, t, d, viewport(1280, 900), prefer("reduced-motion", motion))
		ask[any](p, `var moved = 0; addEventListener('animationstart', () => moved++, true); addEventListener('transitionrun', () => moved++, true); 0`)
		p.click("#first")
		p.until(`!!document.querySelector('#rows-b .fresh')`)
		p.click("#clear")
		if moved := ask[int](p, `moved`) > 0; moved != moves {
			t.Errorf("%s: something moved: %v", motion, moved)
		}
	}
}

// TestPicture takes the README's picture: what a visitor sees first, a moment later.
// `make picture` puts it in its place.
func TestPicture(t *testing.T) {
	t.Parallel()
	p := openTab(startBrowser(t), t, startDemo(t), viewport(1200, 880), light())
	for n := range 3 {
		p.click("#first")
		p.untilShows("pings", fmt.Sprint(n+1))
	}
	p.click("#ping-b")
	p.untilShows("pings", "4")
	p.untilHeard("log", "changed pings")
	p.click("#put button[value=socket-b]")
	p.untilShows("color", "teal")
	p.untilHeard("log", "changed color")
	p.saves("picture", chromedp.CaptureScreenshot())
}
