package store

import (
	"errors"
	"log/slog"
	"sync"
	"time"
)

// A Reporter is a [Backend] that finds out what no call can return: that this node is
// not heard, or hears nothing, though everything is stored. It is optional.
type Reporter interface {
	// Report gives the backend a function that takes such an error. It may be called
	// with the same error again and again, and from any goroutine.
	Report(to func(error))
}

// errSlow says that what was said was dropped.
var errSlow = errors.New("store: messages were dropped: this process is too slow to read what was said to its sessions")

// problems logs what no call can return, once an hour at most. It has its own lock.
type problems struct {
	log *slog.Logger // nil for the default

	mu     sync.Mutex
	logged map[string]time.Time // by text
}

// problemPause is how long a problem is not logged again.
const problemPause = time.Hour

func (p *problems) report(err error) {
	p.mu.Lock()
	text, now := err.Error(), time.Now()
	last, logged := p.logged[text]
	if p.logged == nil || len(p.logged) == maxLogged {
		p.logged = make(map[string]time.Time)
	}
	repeated := logged && now.Sub(last) < problemPause
	if !repeated {
		p.logged[text] = now
	}
	p.mu.Unlock()
	if repeated {
		return
	}
	log := p.log
	if log == nil {
		log = slog.Default()
	}
	log.Warn(text)
}
