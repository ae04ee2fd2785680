package store

import (
	"context"
	"fmt"
)

// A Prober is a [Backend] that can look for many sessions at once.
type Prober interface {
	// Missing returns those of the keys under which there is no session.
	Missing(ctx context.Context, keys []string) ([]string, error)
}

var _ Prober = (*Memory)(nil)

// Missing returns those of the keys whose sessions have ended. It is for those
// who hold sessions for long, and may have missed the news: one round trip where
// the backend is a [Prober], else one for each key.
func (c *Core) Missing(ctx context.Context, keys []string) (missing []string, err error) {
	if prober, ok := c.backend.(Prober); ok {
		missing, err = prober.Missing(ctx, keys)
	} else {
		missing, err = missingOneByOne(ctx, c.backend, keys)
	}
	if err != nil {
		return nil, fmt.Errorf("store: probe: %w", err)
	}
	return missing, nil
}

func missingOneByOne(ctx context.Context, b Backend, keys []string) (missing []string, err error) {
	for _, key := range keys {
		_, _, ok, err := b.Find(ctx, key)
		if err != nil {
			return nil, err
		}
		if !ok {
			missing = append(missing, key)
		}
	}
	return missing, nil
}

// Missing implements [Prober].
func (m *Memory) Missing(_ context.Context, keys []string) (missing []string, err error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for _, key := range keys {
		if _, ok := m.live(key); !ok {
			missing = append(missing, key)
		}
	}
	return missing, nil
}
