package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// breakable is a memory that can be told to fail, to read or to write.
type breakable struct {
	*store.Memory
	reads, writes atomic.Bool // true: it fails
}

var errBroken = errors.New("broken for the test")

func (b *breakable) Find(ctx context.Context, key string) ([]byte, time.Time, bool, error) {
	if b.reads.Load() {
		return nil, time.Time{}, false, errBroken
	}
	return b.Memory.Find(ctx, key)
}

func (b *breakable) Swap(ctx context.Context, key string, change store.Change) ([]byte, bool, error) {
	if b.writes.Load() {
		return nil, false, errBroken
	}
	return b.Memory.Swap(ctx, key, change)
}

func (b *breakable) Delete(ctx context.Context, key string, note store.Note) ([]byte, error) {
	if b.writes.Load() {
		return nil, errBroken
	}
	return b.Memory.Delete(ctx, key, note)
}

// brittle serves a demo whose store can be broken.
func brittle(t *testing.T) (*site, *breakable) {
	t.Helper()
	config, err := parseFlags(nil, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	broken := &breakable{Memory: store.NewMemory()}
	d, err := newDemo(config, backend{Backend: broken, name: "breakable"}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	go d.server.Serve() // until the cleanup closes it
	web := httptest.NewServer(d.routes())
	t.Cleanup(func() { d.close(web.Config) })
	return &site{url: web.URL}, broken
}

func TestStoreFails(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, method, path string
		fields             []string
		reading, writing   int // the status where the store fails to do so
	}{
		{"page", "GET", "/", nil, 503, 503},
		{"read", "GET", "/session", nil, 503, 200},
		{"put", "POST", "/session", []string{"key", "k", "value", "v"}, 503, 503},
		{"remove", "DELETE", "/session?key=visits", nil, 503, 503},
		{"login", "POST", "/login", []string{"user", "ann"}, 503, 503},
		{"logout", "POST", "/logout", nil, 503, 503},
		{"health", "GET", "/healthz", nil, 200, 200},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, broken := brittle(t)
			v := s.visit(t)

			broken.reads.Store(true)
			v.want(test.method, test.path, form(test.fields...), test.reading)
			broken.reads.Store(false)

			broken.writes.Store(true)
			v.want(test.method, test.path, form(test.fields...), test.writing)
			broken.writes.Store(false)

			v.want("GET", "/", nil, http.StatusOK)
			v.holds(map[string]any{"visits": 2.0})
		})
	}
}
