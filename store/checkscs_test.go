package store_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// checkSCSChild does what Enable does first.
func checkSCSChild([]string) error { return store.CheckSCS(scs.New()) }

// What we rely on in SCS holds for each kind of manager, and in builds without paths and
// symbols.
func TestCheckSCS(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*scs.SessionManager){
		"default":  func(*scs.SessionManager) {},
		"idle":     func(m *scs.SessionManager) { m.IdleTimeout = 1 },
		"hashed":   func(m *scs.SessionManager) { m.HashTokenInStore = true },
		"attached": func(m *scs.SessionManager) { store.Attach(m, store.NewMemory(), store.Options{}) },
		"no store": func(m *scs.SessionManager) { m.Store, m.Codec = nil, nil },
	} {
		m := scs.New()
		set(m)
		before, codec := m.Store, m.Codec
		if err := store.CheckSCS(m); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if m.Store != before || m.Codec != codec {
			t.Errorf("%s: the manager was changed", name)
		}
	}
	t.Run("stripped", func(t *testing.T) {
		t.Parallel()
		program := t.TempDir() + "/store.test"
		build := exec.CommandContext(t.Context(), "go", "test", "-c", "-trimpath", "-ldflags=-s -w", "-o", program, ".")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		run := exec.CommandContext(t.Context(), program)
		run.Env = append(os.Environ(), childEnv+"=checkscs")
		if out, err := run.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
}

// The error names what is not as expected.
func TestCheckSCSFails(t *testing.T) {
	t.Parallel()
	calls := map[string]func(*scs.SessionManager, context.Context) error{
		"Destroy":      (*scs.SessionManager).Destroy,
		"RenewToken":   (*scs.SessionManager).RenewToken,
		"MergeSession": func(m *scs.SessionManager, ctx context.Context) error { return m.MergeSession(ctx, "other") },
		"nothing":      func(*scs.SessionManager, context.Context) error { return nil },
	}
	for expected := range calls {
		for called, call := range calls {
			err := store.CheckCaller(expected, call)
			if expected == "nothing" {
				continue
			}
			if (err == nil) != (expected == called) || err != nil && !strings.Contains(err.Error(), expected) {
				t.Errorf("%s calls %s: %v", expected, called, err)
			}
		}
	}
}

// The error names what is not as expected of the map, too.
func TestCheckSCSFailsByMap(t *testing.T) {
	t.Parallel()
	eventually(t, "a commit without the lock is found", func() bool { // it shows in a race
		other, unlocked := store.CheckMap()
		if other == nil || !strings.Contains(other.Error(), "map") {
			t.Fatalf("another map: %v", other)
		}
		return unlocked != nil && strings.Contains(unlocked.Error(), "lock")
	})
}

// KeepCodec keeps encoding/gob itself. The app's own codec is always kept.
func TestKeepCodec(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		codec scs.Codec
		keep  bool
		kept  bool
	}{
		{"default", scs.GobCodec{}, false, false},
		{"KeepCodec", scs.GobCodec{}, true, true},
		{"of the app", &interrupted{Codec: scs.GobCodec{}}, false, true},
	} {
		m := scs.New()
		m.Codec = row.codec
		store.Attach(m, store.NewMemory(), store.Options{KeepCodec: row.keep})
		if (m.Codec == row.codec) != row.kept {
			t.Errorf("%s: the codec is a %T", row.name, m.Codec)
		}
		token := newHeldSession(t, m, "n")
		if ctx := loadBegun(t, m, token); !m.Exists(ctx, "n") {
			t.Errorf("%s: nothing is kept", row.name)
		}
	}
}
