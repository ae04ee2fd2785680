package store_test

import (
	"context"
	"errors"
	"testing"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// Retry ends when an attempt is done or fails, or with the context.
func TestRetry(t *testing.T) {
	t.Parallel()
	s := store.Attach(scs.New(), store.NewMemory(), store.Options{}).Core()
	failed := errors.New("failed")
	ctx, cancel := context.WithCancel(t.Context())
	for name, row := range map[string]struct {
		last func() (bool, error) // the fifth attempt
		want error
	}{
		"done":  {func() (bool, error) { return true, nil }, nil},
		"fails": {func() (bool, error) { return false, failed }, failed},
		"ends":  {func() (bool, error) { cancel(); return false, nil }, context.Canceled},
	} {
		attempts := 0
		under := t.Context()
		if name == "ends" {
			under = ctx
		}
		err := s.Retry(under, func() (bool, error) {
			if attempts++; attempts < 5 {
				return false, nil
			}
			return row.last()
		})
		if !errors.Is(err, row.want) || attempts != 5 {
			t.Errorf("%s: %v after %d attempts", name, err, attempts)
		}
	}
}
