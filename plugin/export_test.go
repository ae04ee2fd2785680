package plugin

import (
	"log/slog"

	"github.com/alexedwards/scs/v2"
)

// Ambiguous begins what FromCookie returns for several cookies.
const Ambiguous = ambiguous

// Waiting is how many connections wait to enter a namespace until their last stay there
// is over.
func (s *Sessions) Waiting() int {
	r := s.common.registry
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.entering)
}

// Entries is how many sessions are held in memory.
func (s *Sessions) Entries() int { return s.common.book.Len() }

// LogFailure logs a failure as Enable's default does.
func LogFailure(logger *slog.Logger, f Failure) {
	Options{Logger: logger}.withDefaults(scs.New()).OnError(f)
}
