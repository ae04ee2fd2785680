package store_test

import (
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// interrupted is a codec that does something before it decodes, once.
type interrupted struct {
	scs.Codec
	by func()
}

func (i *interrupted) Decode(b []byte) (time.Time, map[string]any, error) {
	if by := i.by; by != nil {
		i.by = nil
		by()
	}
	return i.Codec.Decode(b)
}

// waiting is a Holder that saves something each time it is asked to.
type waiting func(id string)

func (w waiting) Flush(id string)                   { w(id) }
func (waiting) HandOver(string) (func(bool), error) { return func(bool) {}, nil }

// MergeSession carries over what holders save before it reads the other session, and what
// others write until that session is deleted. But what the request itself has done since
// stays.
func TestMergeSessionCarriesOver(t *testing.T) {
	t.Parallel()
	for name, known := range map[string]bool{"into a new session": false, "into a known one": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, backend := scs.New(), store.NewMemory()
			codec := &interrupted{Codec: new(store.Codec)}
			m.Codec = codec
			s := store.Attach(m, backend, store.Options{})
			elsewhere := scs.New()
			store.Attach(elsewhere, backend, store.Options{})
			ctx := loadBegun(t, m, "")
			for _, key := range []string{"kept", "removed", "changed", "mine"} {
				m.Put(ctx, key, "old")
			}
			old, _, err := m.Commit(ctx)
			if err != nil {
				t.Fatal(err)
			}
			token := ""
			if known {
				token = newHeldSession(t, m, "n")
			}
			s.Core().AddHolder(waiting(func(id string) {
				if id == store.ID(old) {
					putElsewhere(t, elsewhere, old, "unsaved", "saved")
				}
			}))
			ctx = loadBegun(t, m, token)
			codec.by = func() {
				other := loadBegun(t, elsewhere, old)
				for _, key := range []string{"changed", "mine", "added"} {
					elsewhere.Put(other, key, "theirs")
				}
				elsewhere.Remove(other, "removed")
				if _, _, err := elsewhere.Commit(other); err != nil {
					t.Error(err)
				}
			}
			if err := m.MergeSession(ctx, old); err != nil {
				t.Fatal(err)
			}
			m.Put(ctx, "mine", "mine")
			if _, _, err := m.Commit(ctx); err != nil {
				t.Fatal(err)
			}
			m.Put(ctx, "later", true)
			if _, _, err := m.Commit(ctx); err != nil {
				t.Fatal(err)
			}
			after := loadBegun(t, m, m.Token(ctx))
			for key, want := range map[string]string{
				"kept": "old", "changed": "theirs", "added": "theirs", "removed": "", "mine": "mine", "unsaved": "saved",
			} {
				if got := m.GetString(after, key); got != want {
					t.Errorf("%s is %q, want %q", key, got, want)
				}
			}
			if why := s.Core().Ended(store.ID(old)); why != store.Renewed {
				t.Errorf("the other session has ended as %q", why)
			}
		})
	}
}

// If a session ends while MergeSession reads it, MergeSession says so.
func TestMergeSessionOfTheDead(t *testing.T) {
	t.Parallel()
	m, backend := scs.New(), store.NewMemory()
	codec := &interrupted{Codec: new(store.Codec)}
	m.Codec = codec
	s := store.Attach(m, backend, store.Options{})
	old := newHeldSession(t, m, "n")
	ctx := loadBegun(t, m, "")
	codec.by = func() {
		if err := s.Core().End(t.Context(), old); err != nil {
			t.Error(err)
		}
	}
	if err := m.MergeSession(ctx, old); err == nil {
		t.Error("no error")
	}
	if why := s.Core().Ended(store.ID(old)); why != store.Destroyed {
		t.Errorf("it has ended as %q", why)
	}
}
