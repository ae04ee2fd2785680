package e2e

import (
	"context"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
)

// offline takes the network from a tab, or gives it back.
func (p *tab) offline(off bool) {
	p.t.Helper()
	p.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		const unlimited = -1
		_, err := chromedp.Call(ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
			MatchedNetworkConditions: []*network.Conditions{
				{Offline: off, DownloadThroughput: unlimited, UploadThroughput: unlimited},
			},
		})
		if err != nil {
			return err
		}
		_, err = chromedp.Call(ctx, network.OverrideNetworkState, network.OverrideNetworkStateParams{
			Offline: off, DownloadThroughput: unlimited, UploadThroughput: unlimited,
		})
		return err
	}))
}

// leave goes to another page.
func (p *tab) leave() {
	p.t.Helper()
	ask[any](p, `window.kept = true; 0`)
	p.do(chromedp.Navigate("about:blank"))
}

// back goes back to the page that was left, which the browser must have kept as
// it was, and waits like says. From then on chromedp has no means but Evaluate
// to look at the page: it hears nothing of what the browser has kept.
func (p *tab) back(expression string) {
	p.t.Helper()
	ask[any](p, `setTimeout(() => history.back()); 0`)
	p.says(`window.kept && ` + expression)
}

// says waits, like until, for the JavaScript expression to become true, also in
// a page that the browser has kept.
func (p *tab) says(expression string) {
	p.t.Helper()
	late := time.After(soon)
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		ctx, cancel := context.WithTimeout(p.ctx, soon)
		yes, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression)) // it fails between two pages
		cancel()
		if err == nil && yes {
			return
		}
		select {
		case <-again.C:
		case <-late:
			p.fail("waiting for %s: %v", expression, err)
		}
	}
}

// cookie returns the value of the browser's cookie of this name, which no
// script can read; "" where there is none.
func (p *tab) cookie(name string) string {
	p.t.Helper()
	kept, err := chromedp.Call(p.ctx, storage.GetCookies, storage.GetCookiesParams{})
	if err != nil {
		p.t.Fatal(err)
	}
	for _, cookie := range kept.Cookies {
		if cookie.Name == name {
			return cookie.Value
		}
	}
	return ""
}
