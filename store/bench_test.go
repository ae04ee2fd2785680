package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	plainredis "github.com/alexedwards/scs/redisstore"
	"github.com/alexedwards/scs/v2"
	"github.com/alexedwards/scs/v2/memstore"

	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// BenchmarkCommit is one load, put and commit of a session of 7 values. In clean nobody
// else writes. In contended another commit comes between, which costs a merge and a
// second swap. stock is SCS with its own store, which would lose the other commit.
func BenchmarkCommit(b *testing.B) {
	pool := storetest.Redis(b).Pool()
	for _, kind := range []struct {
		name    string
		backend store.Backend
		stock   scs.Store
	}{
		{"memory", store.NewMemory(), memstore.NewWithCleanupInterval(0)},
		{"redis", redisstore.New(pool), plainredis.New(pool)},
	} {
		ours, stock := scs.New(), scs.New()
		s := store.Attach(ours, kind.backend, store.Options{})
		stock.Store = kind.stock
		b.Run(kind.name+"/clean", func(b *testing.B) { benchmarkCommit(b, ours, func(string) {}) })
		b.Run(kind.name+"/contended", func(b *testing.B) {
			benchmarkCommit(b, ours, func(token string) {
				b.StopTimer()
				if err := increment(context.WithoutCancel(b.Context()), s.Core(), token); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			})
		})
		b.Run(kind.name+"/stock", func(b *testing.B) { benchmarkCommit(b, stock, func(string) {}) })
	}
}

// typicalSession has seven basic values and encodes to about 320 bytes.
var typicalSession = map[string]any{
	"user_id": 424242,
	"name":    "Ada Lovelace",
	"email":   "ada@example.org",
	"csrf":    strings.Repeat("x", 43),
	"roles":   "admin,editor,viewer",
	"auth":    true,
	"n":       0,
}

// benchmarkCommit calls between after each load.
func benchmarkCommit(b *testing.B, m *scs.SessionManager, between func(token string)) {
	b.Helper()
	bare := context.WithoutCancel(b.Context())
	ctx, err := m.Load(bare, "")
	if err != nil {
		b.Fatal(err)
	}
	for key, value := range typicalSession {
		m.Put(ctx, key, value)
	}
	token, _, err := m.Commit(ctx)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		ctx, err := m.Load(store.Begin(bare), token)
		if err != nil {
			b.Fatal(err)
		}
		m.Put(ctx, "csrf", i)
		between(token)
		if _, _, err := m.Commit(ctx); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMerge is what a conflict costs before the second swap: to decode three
// sessions, merge them and encode one. One key is mine, one theirs.
func BenchmarkMerge(b *testing.B) {
	s := store.Attach(scs.New(), store.NewMemory(), store.Options{}).Core()
	deadline := time.Now().Add(time.Hour)
	for _, keys := range []int{1, 16, 256} {
		b.Run(fmt.Sprint(keys), func(b *testing.B) {
			session := func(change string, value int) *store.Snapshot {
				values := make(map[string]any, keys+1)
				for i := range keys {
					values[fmt.Sprint("key", i)] = "some value of a session"
				}
				if change != "" {
					values[change] = value
				}
				snapshot, err := s.Encode(deadline, values)
				if err != nil {
					b.Fatal(err)
				}
				return snapshot
			}
			base, mine, current := session("", 0), session("mine", 1), session("theirs", 2)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Rebase(base, mine, current); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
