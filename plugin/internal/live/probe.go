package live

import (
	"bytes"
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// A batch of a probe ends with its 256th session, or its first MiB.
const (
	probeBatch = 256
	probeBytes = 1 << 20
)

// A prober asks the store for many sessions in one round trip: now and then for all,
// since a notification can be lost, and at once for those of which one may have been
// missed. It finds out which have changed or ended. They then ask for themselves. It
// runs while there are sessions.
type prober struct {
	*register
	mu      sync.Mutex
	timer   *time.Timer // of the next round; nil while there are no sessions
	due     []*Entry    // those to ask for, each once
	running bool        // a goroutine asks
}

// start starts the rounds, unless they run. Call it after adding an entry.
func (p *prober) start() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timer == nil && !p.closed.IsClosed() {
		p.timer = time.AfterFunc(p.pause(), p.round)
	}
}

// stop stops them.
func (p *prober) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timer != nil {
		p.timer.Stop()
	}
}

// pause is the time from one round to the next. It is random: nodes that were started
// together do not ask together.
func (p *prober) pause() time.Duration {
	interval := min(p.config.ProbeInterval, deafInterval)
	return interval*6/10 + rand.N(interval/5+1) //nolint:gosec // jitter is no secret
}

// round runs when the timer fires, in a goroutine of its own. It asks for the sessions
// that would otherwise go unasked for longer than the interval, before the next round.
func (p *prober) round() {
	if p.closed.IsClosed() {
		return
	}
	interval := p.config.ProbeInterval
	if !p.store.Hears() {
		interval = min(interval, deafInterval)
	}
	limit := interval - min(interval, deafInterval)*9/10 // a pause, and the time to ask why
	var old []*Entry
	for _, e := range p.all() {
		if !e.isFresh(limit) {
			old = append(old, e)
		}
	}
	if len(old) == 0 && (p.isSilent() || p.outage.on.Load()) {
		old = p.all()
		old = old[:min(len(old), 1)] // nobody asks, so that nobody would find out that the store is gone, or back
	}
	p.ask(old)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.len() == 0 || p.closed.IsClosed() {
		p.timer = nil
		return
	}
	p.timer.Reset(p.pause())
}

// isSilent reports whether a store that shows now and then that it is there has not done so
// for long.
func (p *prober) isSilent() bool {
	heard := p.store.Heard()
	return !heard.IsZero() && time.Since(heard) > deafInterval
}

// askAll asks for all sessions. Those that were asked for last come first: they are in
// use.
func (p *prober) askAll() {
	all := p.all()
	asked := make(map[*Entry]time.Time, len(all))
	for _, e := range all {
		asked[e] = e.fresh.lastAsked()
	}
	slices.SortFunc(all, func(a, b *Entry) int { return asked[b].Compare(asked[a]) })
	p.ask(all)
}

// ask asks for sessions soon, and returns at once.
func (p *prober) ask(entries []*Entry) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range entries {
		if e.probing.CompareAndSwap(false, true) {
			p.due = append(p.due, e)
		}
	}
	if len(p.due) > 0 && !p.running {
		p.running = true
		go p.work() // ends when nothing is due
	}
}

// work asks for what is due, a batch at a time. After a failure it waits.
func (p *prober) work() {
	for batch := p.next(); len(batch) > 0; batch = p.next() {
		if p.probe(batch) {
			continue
		}
		p.ask(batch)
		select {
		case <-p.closed.Done():
		case <-time.After(p.config.retryPause()):
		}
	}
}

// next takes the next batch, none when nothing is due.
func (p *prober) next() (batch []*Entry) {
	p.mu.Lock()
	defer p.mu.Unlock()
	size := 0
	for len(p.due) > 0 && len(batch) < probeBatch && size < probeBytes && !p.closed.IsClosed() {
		e := p.due[0]
		p.due[0] = nil // the array may live on
		p.due = p.due[1:]
		e.probing.Store(false)
		if e.Ended() != nil {
			continue
		}
		base, _ := e.draft.state()
		size += len(base.Bytes)
		batch = append(batch, e)
	}
	p.running = len(batch) > 0
	return batch
}

// probe asks for a batch, and reports whether the store has answered.
func (p *prober) probe(batch []*Entry) bool {
	keys, questions := make([]string, len(batch)), make([]question, len(batch))
	for i, e := range batch {
		keys[i], questions[i] = e.key, e.fresh.ask()
	}
	found, err := p.store.Probe(context.Background(), keys)
	if err != nil {
		p.host.Failed(stageProbe, "", err)
		p.outage.begin()
		return false
	}
	p.outage.end()
	for i, e := range batch {
		e.compare(questions[i], found[i])
	}
	return true
}

// compare takes an answer of the prober's: the session is as this process knows it, or
// has to ask for itself, which may take time.
func (e *Entry) compare(q question, found []byte) {
	base, _ := e.draft.state()
	if found != nil && bytes.Equal(found, base.Bytes) {
		e.fresh.answer(q, nil)
		return
	}
	e.nudge()
}

// hearMissed handles the news that something of a session may have been missed, or of
// any where the id is "".
func (p *prober) hearMissed(event store.Event, e *Entry) {
	switch {
	case event.ID == "":
		p.askAll()
	case e.fresh.isStale(): // a handler may have asked already
		p.ask([]*Entry{e})
	}
}
