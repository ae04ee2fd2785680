package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
)

// supersede ends the sessions that a user has above MaxSessionsPerUser since a login.
func (c *Core) supersede(ctx context.Context, user, key string) error {
	keys, err := c.users.roll.Supersede(ctx, user, key, c.users.max, c.manager.IdleTimeout > 0)
	if err != nil {
		return err
	}
	_, err = c.expelAll(ctx, user, keys, Superseded)
	return err
}

// expelAll ends sessions of a user, and returns how many. The error says how many are left.
func (c *Core) expelAll(ctx context.Context, user string, keys []string, why Kind) (n int, err error) {
	var ended, left atomic.Int64
	err = each(len(keys), func(i int) error {
		was, err := c.expel(ctx, user, keys[i], why)
		if err != nil {
			left.Add(1)
		}
		if was {
			ended.Add(1)
		}
		return err
	})
	if err != nil {
		err = fmt.Errorf("store: %d of %d sessions of a user are left: %w", left.Load(), len(keys), err)
	}
	return int(ended.Load()), err
}

// expel ends a session if it is a user's. One that does not decode is theirs: it is on
// their roll.
func (c *Core) expel(ctx context.Context, user, key string, why Kind) (ended bool, err error) {
	event := Event{ID: ID(key), Kind: why}
	b, _, ok, err := c.backend.Find(ctx, key)
	if err != nil || !ok {
		return false, err
	}
	err = retry(ctx, func() (done bool, err error) {
		is, _, err := c.userOf(&Snapshot{Bytes: b})
		if err == nil && is != user {
			return true, c.users.roll.Leave(ctx, user, key, b)
		}
		b, ended, err = c.users.roll.End(ctx, user, key, b, c.news.note(event))
		return ended || b == nil, err
	})
	switch {
	case err != nil:
		c.news.tell(Event{ID: event.ID, Kind: Missed}, nil) // it may have ended
		return false, fmt.Errorf("store: %s: %w", why, err)
	case ended:
		c.ends.add(event.ID, why)
		c.news.tell(event, nil)
	}
	return ended, nil
}

// eachAtOnce is how many calls each makes at once: as many go together to a Redis.
const eachAtOnce = 64

// each calls do for 0 to n-1, several at once, and returns when all are done. The error has
// the first few.
func each(n int, do func(i int) error) error {
	var (
		next atomic.Int64
		all  sync.WaitGroup
		mu   sync.Mutex
		errs []error
	)
	for range min(n, eachAtOnce) {
		all.Go(func() { // ends with the last i
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if err := do(i); err != nil {
					mu.Lock()
					if len(errs) < 3 {
						errs = append(errs, err)
					}
					mu.Unlock()
				}
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}
