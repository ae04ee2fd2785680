package live

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Book has the sessions that this process uses, each once. Its methods are safe
// for concurrent use.
type Book struct {
	*register
	prober prober
}

// New returns an empty Book. From then on the store asks it before a request goes
// on with a session that it has.
func New(config Config, host Host) *Book {
	r := newRegister(newEnv(config, host))
	b := &Book{register: r, prober: prober{register: r}}
	r.missed = b.prober.hearMissed
	b.outage.expired = b.sendAway
	b.store.AddHolder(holder{r})
	return b
}

// Entry returns the session of an id, nil when nobody uses it here.
func (b *Book) Entry(id string) *Entry { return b.entry(id) }

// Entries returns all sessions that have members.
func (b *Book) Entries() []*Entry { return b.all() }

// Len returns how many sessions are used here.
func (b *Book) Len() int { return b.len() }

// Failing reports whether the store has failed since it last answered.
func (b *Book) Failing() bool { return b.outage.on.Load() }

// RetryPause is how long something that failed waits to be tried again.
func (b *Book) RetryPause() time.Duration { return b.config.retryPause() }

// Save saves every session that is not saved, and tells the store of its last use.
func (b *Book) Save() error {
	var failed []error
	for _, e := range b.all() {
		if err := e.sync(true); err != nil {
			failed = append(failed, fmt.Errorf("sessions: %s: %w", e.id, err))
		}
	}
	return errors.Join(failed...)
}

// Unsaved returns an error that names every session that is not saved.
func (b *Book) Unsaved() error {
	var unsaved []error
	for _, e := range b.all() {
		if !e.isSaved() {
			unsaved = append(unsaved, fmt.Errorf("sessions: %s: not saved", e.id))
		}
	}
	return errors.Join(unsaved...)
}

// Close stops the timers and the listening. It saves nothing.
func (b *Book) Close() {
	b.closed.Close()
	b.outage.stop()
	b.unwatch()
	b.prober.stop()
}

// sendAway tells the host of every session that its members must go, unless the
// store is back: it asks once more, as nobody may have asked since the store failed.
// Sessions that are not saved stay until they are.
func (b *Book) sendAway() {
	all := b.all()
	if len(all) == 0 {
		b.outage.forget()
		return
	}
	if _, err := b.store.Probe(context.Background(), []string{all[0].key}); err == nil {
		b.outage.end()
		return
	}
	for _, e := range all {
		b.host.Away(e)
	}
}
