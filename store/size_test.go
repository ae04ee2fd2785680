package store_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
)

const kib = 1 << 10

func text(n int) string { return strings.Repeat("x", n) }

// A commit that is larger than MaxBytes, and larger than what is stored, is refused in each
// way of committing. What others wrote counts.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	m := scs.New()
	s := store.Attach(m, store.NewMemory(), store.Options{MaxBytes: 10 * kib}).Core()
	refused := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, store.ErrTooLarge) {
			t.Errorf("%s: %v", what, err)
		}
	}
	commit := func(ctx context.Context) error { _, _, err := m.Commit(ctx); return err }
	fresh := loadBegun(t, m, "")
	m.Put(fresh, "k", text(10*kib))
	refused("a new session", commit(fresh))
	bare, _ := m.Load(context.WithoutCancel(t.Context()), "")
	m.Put(bare, "k", text(10*kib))
	refused("without a transaction", commit(bare))
	m.Put(bare, "k", "small")
	if err := commit(bare); err != nil {
		t.Fatal(err)
	}
	token := m.Token(bare)
	m.Put(bare, "k", text(10*kib))
	refused("a replacement", commit(bare))
	ctx := loadBegun(t, m, token)
	m.Put(ctx, "k", text(6*kib))
	putElsewhere(t, m, token, "other", text(6*kib))
	refused("merged", commit(ctx))
	m.Remove(ctx, "k")
	if err := commit(ctx); err != nil {
		t.Errorf("the next that fits: %v", err)
	}
	if _, _, ok, err := s.Load(t.Context(), "nothing", nil); ok || err != nil {
		t.Error(ok, err)
	}
	base, _, _, err := s.Load(t.Context(), token, nil)
	if err != nil {
		t.Fatal(err)
	}
	mine, err := s.Encode(base.Deadline, map[string]any{"k": text(11 * kib)})
	if err != nil {
		t.Fatal(err)
	}
	refused("Fits", s.Fits(mine, base))
	if err := errors.Join(s.Fits(base, mine), s.Fits(base, nil), s.Fits(mine, mine)); err != nil {
		t.Errorf("Fits: %v", err)
	}
	for what, save := range map[string]func(context.Context, store.Commit) error{
		"Save": func(ctx context.Context, c store.Commit) error { _, err := s.Save(ctx, c); return err },
		"Swap": func(ctx context.Context, c store.Commit) error { _, _, err := s.Swap(ctx, c); return err },
	} {
		c := store.Commit{Key: token, Base: base, Mine: mine, Used: time.Now()}
		refused(what, save(t.Context(), c))
		if c.Key = "gone"; !errors.Is(save(t.Context(), c), store.ErrGone) {
			t.Errorf("%s of a session that is gone: no ErrGone", what)
		}
	}
	refused("Deposit", s.Deposit(t.Context(), "claim", mine.Bytes, time.Second))
}

// A session that is already larger than MaxBytes can be used, made smaller, renewed and
// destroyed, but not made larger.
func TestLargeAlready(t *testing.T) {
	t.Parallel()
	backend := store.NewMemory()
	before, m := scs.New(), scs.New()
	m.IdleTimeout = time.Hour
	store.Attach(before, backend, store.Options{MaxBytes: -1})
	s := store.Attach(m, backend, store.Options{MaxBytes: kib}).Core()
	large := func() string {
		ctx := loadBegun(t, before, "")
		before.Put(ctx, "k", text(2<<20))
		before.Put(ctx, "small", text(kib/2))
		token, _, err := before.Commit(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	for what, change := range map[string]func(context.Context, string) error{
		"used":    func(context.Context, string) error { return nil },
		"smaller": func(ctx context.Context, _ string) error { m.Remove(ctx, "small"); return nil },
		"renewed": func(ctx context.Context, _ string) error { return m.RenewToken(ctx) },
		"login": func(ctx context.Context, _ string) error {
			err := m.RenewToken(ctx)
			m.Put(ctx, "user", "alice")
			return err
		},
		"renewed while others write": func(ctx context.Context, token string) error {
			putElsewhere(t, before, token, "theirs", text(kib))
			return m.RenewToken(ctx)
		},
		"larger": func(ctx context.Context, _ string) error { m.Put(ctx, "more", "x"); return nil },
	} {
		token := large()
		ctx := loadBegun(t, m, token)
		err := change(ctx, token)
		if err == nil {
			_, _, err = m.Commit(ctx)
		}
		if refused := errors.Is(err, store.ErrTooLarge); refused != (what == "larger") || err != nil && !refused {
			t.Errorf("%s: %v", what, err)
		}
	}
	token := large()
	if err := s.Touch(t.Context(), token, time.Now().Add(time.Hour), time.Now()); err != nil {
		t.Error(err)
	}
	if err := m.Destroy(loadBegun(t, m, token)); err != nil {
		t.Error(err)
	}
}

// The default is 1 MiB. ErrorFunc gets the error, and nothing is written.
func TestTooLargeOverHTTP(t *testing.T) {
	t.Parallel()
	s := newSite(func(s *site, w http.ResponseWriter, r *http.Request) {
		s.Put(r.Context(), "k", text(len(r.URL.Path)*kib))
		io.WriteString(w, "written")
	})
	s.ErrorFunc = func(w http.ResponseWriter, _ *http.Request, err error) {
		if !errors.Is(err, store.ErrTooLarge) {
			t.Errorf("ErrorFunc hears %v", err)
		}
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
	}
	cookie := cookieOf(t, s.get(t, "/"+text(1000), ""))
	response := s.get(t, "/"+text(1024), cookie)
	if response.StatusCode != http.StatusRequestEntityTooLarge || body(t, response) != "too large\n" {
		t.Errorf("got %s", response.Status)
	}
	if b, _, _ := s.Store.Find(tokenOf(cookie)); len(b) > 1<<20 || len(b) < 1000*kib {
		t.Errorf("%d bytes are stored", len(b))
	}
}
