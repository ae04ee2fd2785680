package live

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// A Config says how a Book treats its sessions. plugin.Options explains the
// settings, which have no defaults here.
type Config struct {
	Manager *scs.SessionManager // whose store is Store
	Store   *store.Core

	FlushInterval time.Duration
	MaxStale      time.Duration
	ProbeInterval time.Duration
	StoreGrace    time.Duration
	KeepAlive     bool
	MaxSeats      int // of a session; 0: any number

	// Loaded, Saved and Conflicted count exchanges with the store. Each may be nil.
	Loaded, Saved func(start time.Time, err error)
	Conflicted    func()
}

// A Host is what the sessions are held for. It is called concurrently, and must
// neither wait nor call SCS: SCS or an exchange may hold a lock.
type Host interface {
	// Ended: the session is over, and its members must go.
	Ended(e *Entry, why *End)
	// Away: the store has failed for longer than StoreGrace, and members must go.
	Away(e *Entry)
	// Changed: the session has changed, by a member or, nil, by somebody else.
	Changed(e *Entry, from, to *store.Snapshot, by Member)
	// Saved: what a member changed is in the store.
	Saved(e *Entry, from, to *store.Snapshot)
	// Said: somebody speaks to the members.
	Said(e *Entry, data []byte)
	// Failed: something failed that no caller is told of. The id may be "".
	Failed(stage, id string, err error)
}

// A Member uses a session for as long as it has joined: a socket.
type Member interface {
	// Seat is what MaxSeats counts: members of one seat count once.
	Seat() any
}

// A Book has the sessions that this process uses, each once. Its methods are safe
// for concurrent use.
type Book struct {
	config  Config
	host    Host
	manager *scs.SessionManager
	store   *store.Core
	views   *views
	outage  outage
	closed  atomic.Bool // Close was called: no timer starts

	mu       sync.RWMutex
	entries  map[string]*Entry   // by id
	loading  map[string]*loading // by id
	yielding map[string]int      // by id: how many requests renew it
	watch    *store.Watch        // made with the first entry
	probe    *time.Timer         // runs while there are entries
}

// New returns an empty Book. From then on the store asks it before a request goes
// on with a session that it has.
func New(config Config, host Host) *Book {
	b := &Book{
		config: config, host: host,
		manager:  config.Manager,
		store:    config.Store,
		views:    newViews(config.Manager, config.Store.ContextKey()),
		entries:  make(map[string]*Entry),
		loading:  make(map[string]*loading),
		yielding: make(map[string]int),
	}
	b.outage.grace, b.outage.last = config.StoreGrace, b.sendAway
	b.outage.over() // or it would have begun long ago
	b.store.AddHolder(holder{b})
	return b
}

// Entry returns the session of an id, nil when nobody uses it here.
func (b *Book) Entry(id string) *Entry {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.entries[id]
}

// Len returns how many sessions are used here.
func (b *Book) Len() int {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return len(b.entries)
}

// Failing reports whether the store has failed since it last answered.
func (b *Book) Failing() bool { return b.outage.on.Load() }

// RetryPause is how long something that failed waits to be tried again.
func (b *Book) RetryPause() time.Duration { return min(retryInterval, b.config.FlushInterval) }

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

// Close ends the timers and stops to listen. It saves nothing.
func (b *Book) Close() {
	b.closed.Store(true)
	b.outage.stop()
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.watch != nil {
		b.watch.Close()
	}
	if b.probe != nil {
		b.probe.Stop()
	}
}

func (b *Book) all() []*Entry {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return slices.Collect(maps.Values(b.entries))
}
