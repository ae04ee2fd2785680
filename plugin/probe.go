package plugin

import (
	"context"
	"math/rand/v2"
	"time"
)

// probeBatch is how many sessions are asked for in one round trip.
const probeBatch = 256

// startProbeLocked begins to ask the store, now and then, which sessions still
// live: a notification can be lost. It stops when there are none. s.mu is held.
func (s *Sessions) startProbeLocked() {
	if s.probe == nil {
		s.probe = time.AfterFunc(s.probePause(), s.runProbe)
	}
}

// probePause is less than the interval, so that no session goes unasked for
// longer, also one that was fresh; and random: nodes that were started together
// do not ask together.
func (s *Sessions) probePause() time.Duration {
	interval := s.options.ProbeInterval
	return interval*6/10 + rand.N(interval/5+1) //nolint:gosec // jitter is no secret
}

// runProbe runs when the timer fires, in a goroutine of its own.
func (s *Sessions) runProbe() {
	if s.closed.Load() {
		return
	}
	silent := s.silent()
	for len(silent) > 0 {
		n := min(len(silent), probeBatch)
		s.probeBatch(silent[:n])
		silent = silent[n:]
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.entries) == 0 || s.closed.Load() {
		s.probe = nil
		return
	}
	s.probe.Reset(s.probePause())
}

// silent returns the entries that were not asked for just now.
func (s *Sessions) silent() (silent []*entry) {
	for _, e := range s.all() {
		if !e.fresh(s.options.ProbeInterval / 10) {
			silent = append(silent, e)
		}
	}
	return silent
}

func (s *Sessions) probeBatch(entries []*entry) {
	byKey := make(map[string]*entry, len(entries))
	keys := make([]string, len(entries))
	for i, e := range entries {
		keys[i], byKey[e.key] = e.key, e
	}
	missing, err := s.store.Missing(context.Background(), keys)
	if err != nil {
		s.report(StageProbe, "", err)
		s.outage.begin()
		return
	}
	s.outage.over()
	for _, key := range missing {
		byKey[key].nudge() // it asks once more, and finds out why, which may take time
	}
}
