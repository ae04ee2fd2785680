package live

import (
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// A Config says how a Book treats its sessions. plugin.Options explains the
// settings. They have no defaults here.
type Config struct {
	Manager *scs.SessionManager // its store is Store
	Store   *store.Core

	FlushInterval time.Duration
	MaxStale      time.Duration
	ProbeInterval time.Duration
	StoreGrace    time.Duration
	KeepAlive     bool
	MaxSeats      int // of a session; 0: any number

	// Loaded, Saved and Conflicted count exchanges with the store. Saved gets the size of
	// the session in bytes, 0 with an error. Each may be nil.
	Loaded     func(start time.Time, err error)
	Saved      func(start time.Time, bytes int, err error)
	Conflicted func()

	// Large hears of each session that was saved and is larger than LargeBytes. It may be
	// nil.
	Large      func(id string, bytes int)
	LargeBytes int
}

// retryInterval is how long a failed save waits until it is tried again, unless
// FlushInterval is shorter.
const retryInterval = time.Second

func (c *Config) retryPause() time.Duration { return min(retryInterval, c.FlushInterval) }

// deafInterval is what bounds Config.ProbeInterval while the store does not hear what
// other processes do.
const deafInterval = 10 * time.Second
