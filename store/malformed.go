package store

import (
	"log/slog"
	"sync"
)

// malformed logs once of each session that it does not decode. It has its own lock,
// and its zero value is ready to use.
type malformed struct {
	log *slog.Logger // nil for the default

	mu     sync.Mutex
	logged map[string]struct{} // ids
}

// maxLogged bounds what is remembered. At the bound it forgets all, and logs each
// session once more.
const maxLogged = 1024

func (m *malformed) report(id string, err error) {
	m.mu.Lock()
	_, logged := m.logged[id]
	if m.logged == nil || len(m.logged) == maxLogged {
		m.logged = make(map[string]struct{})
	}
	m.logged[id] = struct{}{}
	m.mu.Unlock()
	if logged {
		return
	}
	log := m.log
	if log == nil {
		log = slog.Default()
	}
	log.Error("store: a session is treated as none", "id", id, "error", err)
}
