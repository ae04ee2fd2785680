package live

import (
	"context"
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
)

var _ context.Context = (*Use)(nil)

// Value implements context.Context: SCS finds its session data here.
func (u *Use) Value(key any) any {
	if key == u.views.key {
		return u.data()
	}
	return u.parent().Value(key)
}

// Deadline implements context.Context and reports none: the session's own is
// manager.Deadline(u).
func (u *Use) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done implements context.Context: the channel closes when the session has ended,
// when the member must go or has left, and when a PerMessage handler has returned.
func (u *Use) Done() <-chan struct{} {
	if u.owner != nil {
		return u.owner.Done()
	}
	return u.cancelled.Done()
}

// Err implements context.Context: it is context.Canceled once Done is closed.
func (u *Use) Err() error {
	if u.owner != nil {
		return u.owner.Err()
	}
	if u.cancelled.IsClosed() {
		return context.Canceled
	}
	return nil
}

// parent returns the context with the transaction of SCS's calls with this use.
func (u *Use) parent() context.Context {
	u.below.Do(func() {
		var key, token string
		if u.entry != nil {
			key, token = u.entry.key, u.entry.name
		}
		u.transaction = u.store.BeginSocket(context.Background(), key, token, held{u})
	})
	return u.transaction
}

// data returns SCS's session data.
func (u *Use) data() any {
	u.mu.Lock()
	v, over := u.view, u.over
	u.mu.Unlock()
	switch {
	case v != nil:
		return v.data
	case u.entry == nil:
		return u.views.open("", nil).data
	case u.owner != nil:
		return u.owner.data()
	case !over:
		return u.entry.peek()
	}
	// The use is over, and somebody still calls SCS with it: give it a copy that
	// nobody reads back.
	base, _ := u.entry.draft.state()
	return u.views.open(u.entry.token(), base).data
}

// A held is a Use as the store sees it.
type held struct{ *Use }

// Base implements [store.Held]: changes that SCS commits count from what its view was
// made from.
func (h held) Base(data any) (*store.Snapshot, error) {
	if _, err := h.writable(); err != nil && !h.inside {
		return nil, err
	}
	v := h.viewOf(data)
	switch {
	case v == nil:
		return nil, nil
	case h.inside:
		return v.from.Load(), ErrNested
	}
	return v.from.Load(), nil
}

// Wrote implements [store.Held].
func (h held) Wrote(data any, mine *store.Snapshot) {
	if v := h.viewOf(data); v != nil {
		h.host.Saved(h.entry, v.from.Swap(mine), mine)
	}
}

// viewOf returns the view that shows data, nil if that is another session's, as in
// Iterate.
func (h held) viewOf(data any) *view {
	h.mu.Lock()
	views := [...]*view{h.view, h.left, nil}
	h.mu.Unlock()
	if h.entry != nil {
		views[2] = h.entry.shared.view.Load()
	}
	for _, v := range views {
		if v != nil && v.data == data {
			return v
		}
	}
	return nil
}
