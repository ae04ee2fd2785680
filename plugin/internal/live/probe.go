package live

import (
	"context"
	"math/rand/v2"
	"time"
)

// probeBatch is how many sessions are asked for in one round trip.
const probeBatch = 256

// startProbeLocked begins to ask the store, now and then, which sessions still
// live: a notification can be lost. It stops when there are none. b.mu is held.
func (b *Book) startProbeLocked() {
	if b.probe == nil {
		b.probe = time.AfterFunc(b.probePause(), b.runProbe)
	}
}

// probePause is less than the interval, so that no session goes unasked for
// longer, also one that was fresh; and random: nodes that were started together
// do not ask together.
func (b *Book) probePause() time.Duration {
	interval := b.config.ProbeInterval
	return interval*6/10 + rand.N(interval/5+1) //nolint:gosec // jitter is no secret
}

// runProbe runs when the timer fires, in a goroutine of its own.
func (b *Book) runProbe() {
	if b.closed.Load() {
		return
	}
	silent := b.silent()
	for len(silent) > 0 {
		n := min(len(silent), probeBatch)
		b.probeBatch(silent[:n])
		silent = silent[n:]
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.entries) == 0 || b.closed.Load() {
		b.probe = nil
		return
	}
	b.probe.Reset(b.probePause())
}

// silent returns the entries that were not asked for just now.
func (b *Book) silent() (silent []*Entry) {
	for _, e := range b.all() {
		if !e.fresh(b.config.ProbeInterval / 10) {
			silent = append(silent, e)
		}
	}
	return silent
}

func (b *Book) probeBatch(entries []*Entry) {
	byKey := make(map[string]*Entry, len(entries))
	keys := make([]string, len(entries))
	for i, e := range entries {
		keys[i], byKey[e.key] = e.key, e
	}
	missing, err := b.store.Missing(context.Background(), keys)
	if err != nil {
		b.host.Failed(stageProbe, "", err)
		b.outage.begin()
		return
	}
	b.outage.end()
	for _, key := range missing {
		byKey[key].nudge() // it asks once more, and finds out why, which may take time
	}
}
