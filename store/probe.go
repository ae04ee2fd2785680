package store

import (
	"context"
	"fmt"

	"github.com/gomodule/redigo/redis"
)

// A Prober is a [Backend] that can look for many sessions at once.
type Prober interface {
	// Missing returns those of the keys under which there is no session.
	Missing(ctx context.Context, keys []string) ([]string, error)
}

var (
	_ Prober = (*Memory)(nil)
	_ Prober = (*Redis)(nil)
)

// Missing returns those of the keys whose sessions have ended. It is for those
// who hold sessions for long, and may have missed the news: one round trip where
// the backend is a [Prober], else one for each key.
func (s *Store) Missing(ctx context.Context, keys []string) (missing []string, err error) {
	if prober, ok := s.backend.(Prober); ok {
		missing, err = prober.Missing(ctx, keys)
	} else {
		missing, err = missingOneByOne(ctx, s.backend, keys)
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

// Missing implements [Prober]. Each key is a command of its own, as a cluster
// needs it, and all of them are one round trip.
func (r *Redis) Missing(ctx context.Context, keys []string) (missing []string, err error) {
	commands := make([]redisCommand, len(keys))
	for i, key := range keys {
		commands[i] = redisCommand{name: "EXISTS", args: []any{r.name(key)}}
	}
	done, err := r.pipe.do(ctx, commands...)
	if err != nil {
		return nil, err
	}
	for i, key := range keys {
		n, err := redis.Int64(done[i].reply, done[i].err)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			missing = append(missing, key)
		}
	}
	return missing, nil
}
