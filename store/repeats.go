package store

import (
	"log/slog"
	"sync"
	"time"
)

// maxRepeats bounds what is remembered. At the bound all is forgotten, and logged once
// more.
const maxRepeats = 1024

// A repeats remembers what was logged. It has its own lock, and its zero value is ready
// to use.
type repeats struct {
	mu   sync.Mutex
	last map[string]time.Time
}

// has reports whether key was logged within pause, and notes it as logged now if not.
func (r *repeats) has(key string, pause time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if last, ok := r.last[key]; ok && now.Sub(last) < pause {
		return true
	}
	if r.last == nil || len(r.last) == maxRepeats {
		r.last = make(map[string]time.Time)
	}
	r.last[key] = now
	return false
}

// loggerOr returns the default logger for nil.
func loggerOr(log *slog.Logger) *slog.Logger {
	if log == nil {
		return slog.Default()
	}
	return log
}
