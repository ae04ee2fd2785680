package live_test

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// backend counts, and fails on demand.
type backend struct {
	*store.Memory
	down    atomic.Bool
	touches atomic.Int32
	finds   atomic.Int32
	keeps   atomic.Int32 // swaps that say that the session's life stays as it is

	pulse    *atomic.Int64 // when it last showed that it is there, in Unix nanoseconds; nil if it never does
	deleting func()        // what happens while a session is deleted; may be nil
	swapping func()        // what happens while one is saved; may be nil
}

// Listen implements [store.Teller].
func (b *backend) Listen(hear func(store.Note)) store.Line {
	line := b.Memory.Listen(hear)
	if b.pulse == nil {
		return line
	}
	return pulsing{line, b}
}

// pulsing is a line that has a pulse for as long as its backend is there.
type pulsing struct {
	store.Line
	*backend
}

// Heard implements [store.Pulse].
func (p pulsing) Heard() time.Time {
	if !p.down.Load() {
		p.pulse.Store(time.Now().UnixNano())
	}
	return time.Unix(0, p.pulse.Load())
}

var errDown = errors.New("the store is down")

func (b *backend) Swap(ctx context.Context, key string, change store.Change) ([]byte, bool, error) {
	if b.down.Load() {
		return nil, false, errDown
	}
	if b.swapping != nil {
		b.swapping()
	}
	if change.Keeps {
		b.keeps.Add(1)
		if _, expiry, ok, _ := b.Memory.Find(ctx, key); ok && change.Life.After(expiry).Sub(expiry) > time.Second {
			panic("the swap of a session that " + expiry.String() + " ends does not keep its life")
		}
	}
	return b.Memory.Swap(ctx, key, change)
}

func (b *backend) Find(ctx context.Context, key string) ([]byte, time.Time, bool, error) {
	b.finds.Add(1)
	if b.down.Load() {
		return nil, time.Time{}, false, errDown
	}
	return b.Memory.Find(ctx, key)
}

func (b *backend) Touch(ctx context.Context, key string, life store.Life) (bool, error) {
	b.touches.Add(1)
	if b.down.Load() {
		return false, errDown
	}
	return b.Memory.Touch(ctx, key, life)
}

func (b *backend) Delete(ctx context.Context, key string, note store.Note) ([]byte, error) {
	if b.deleting != nil {
		b.deleting()
	}
	return b.Memory.Delete(ctx, key, note)
}

func (b *backend) Probe(ctx context.Context, keys []string) ([][]byte, error) {
	if b.down.Load() {
		return nil, errDown
	}
	return b.Memory.Probe(ctx, keys)
}
