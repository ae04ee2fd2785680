package plugin

import (
	"log/slog"
	"sync"
)

// largeSession is the size in bytes from which a session is a mistake: each load and
// each save of it carries all of it.
const largeSession = 64 << 10

// A largeness warns of a large session, once.
type largeness struct {
	logger *slog.Logger
	warned sync.Once
}

func (l *largeness) warn(id string, bytes int) {
	l.warned.Do(func() {
		l.logger.Warn("sessions: a session is larger than 64 KiB, and every request and every save carries all of it; keep large things elsewhere, and in the session what finds them",
			"id", id, "bytes", bytes)
	})
}
