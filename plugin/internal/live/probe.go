package live

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// probeBatch is how many sessions are asked for in one round trip.
const probeBatch = 256

// A prober asks the store now and then which sessions still live: a notification can
// be lost. It runs while there are sessions.
type prober struct {
	*register
	mu    sync.Mutex
	timer *time.Timer // nil while there are no sessions
}

// start starts it, unless it runs. Call it after adding an entry.
func (p *prober) start() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timer == nil && !p.closed.Load() {
		p.timer = time.AfterFunc(p.pause(), p.run)
	}
}

// stop stops it.
func (p *prober) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timer != nil {
		p.timer.Stop()
	}
}

// pause is shorter than the interval, so that no session goes unasked for longer,
// also one that was fresh; and random: nodes that were started together do not ask
// together.
func (p *prober) pause() time.Duration {
	interval := p.config.ProbeInterval
	return interval*6/10 + rand.N(interval/5+1) //nolint:gosec // jitter is no secret
}

// run runs when the timer fires, in a goroutine of its own.
func (p *prober) run() {
	if p.closed.Load() {
		return
	}
	stale := p.stale()
	for len(stale) > 0 {
		n := min(len(stale), probeBatch)
		p.ask(stale[:n])
		stale = stale[n:]
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.len() == 0 || p.closed.Load() {
		p.timer = nil
		return
	}
	p.timer.Reset(p.pause())
}

// stale returns the entries that were not asked for just now.
func (p *prober) stale() (stale []*Entry) {
	for _, e := range p.all() {
		if !e.isFresh(p.config.ProbeInterval / 10) {
			stale = append(stale, e)
		}
	}
	return stale
}

// ask asks which of the entries' sessions still live.
func (p *prober) ask(entries []*Entry) {
	byKey := make(map[string]*Entry, len(entries))
	keys := make([]string, len(entries))
	for i, e := range entries {
		keys[i], byKey[e.key] = e.key, e
	}
	missing, err := p.store.Missing(context.Background(), keys)
	if err != nil {
		p.host.Failed(stageProbe, "", err)
		p.outage.begin()
		return
	}
	p.outage.end()
	for _, key := range missing {
		byKey[key].nudge() // it asks once more, and finds out why, which may take time
	}
}
