package store

import (
	"context"
	"sync"
)

// keyLocks is one lock for each key. Keys do not wait for each other, and a key that
// nobody locks costs nothing. The zero value is ready to use.
type keyLocks struct {
	mu    sync.Mutex
	locks map[string]*keyLock // of the keys that have users
}

type keyLock struct {
	held  chan struct{} // holds one value while the key is locked
	users int           // how many hold the lock or wait for it; guarded by keyLocks.mu
}

// lock locks key, or returns ctx's error if ctx ends first.
func (k *keyLocks) lock(ctx context.Context, key string) error {
	k.mu.Lock()
	l := k.locks[key]
	if l == nil {
		if k.locks == nil {
			k.locks = make(map[string]*keyLock)
		}
		l = &keyLock{held: make(chan struct{}, 1)}
		k.locks[key] = l
	}
	l.users++
	k.mu.Unlock()

	select {
	case l.held <- struct{}{}:
		return nil
	case <-ctx.Done():
		k.leave(key, l)
		return ctx.Err()
	}
}

// unlock unlocks key, which the caller has locked.
func (k *keyLocks) unlock(key string) {
	k.mu.Lock()
	l := k.locks[key]
	k.mu.Unlock()
	<-l.held
	k.leave(key, l)
}

// leave removes a user, and with the last user the lock.
func (k *keyLocks) leave(key string, l *keyLock) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if l.users--; l.users == 0 {
		delete(k.locks, key)
	}
}
