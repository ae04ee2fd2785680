package store

import (
	"log/slog"
	"math"
)

// malformed logs once of each session that it does not decode. Its zero value is ready
// to use.
type malformed struct {
	log    *slog.Logger // nil for the default
	logged repeats      // ids
}

func (m *malformed) report(id string, err error) {
	if !m.logged.has(id, math.MaxInt64) {
		loggerOr(m.log).Error("store: a session is treated as none", "id", id, "err", err)
	}
}
