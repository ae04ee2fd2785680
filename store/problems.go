package store

import (
	"errors"
	"log/slog"
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
var errSlow = errors.New("store: messages were dropped: this process is too slow to read what others say")

// problems logs what no call can return, each once an hour at most.
type problems struct {
	log    *slog.Logger // nil for the default
	logged repeats      // texts
}

// problemPause is how long a problem is not logged again.
const problemPause = time.Hour

func (p *problems) report(err error) {
	if text := err.Error(); !p.logged.has(text, problemPause) {
		loggerOr(p.log).Warn(text)
	}
}
