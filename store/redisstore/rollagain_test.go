package redisstore_test

import (
	"errors"
	"testing"

	"github.com/gomodule/redigo/redis"

	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// A renewal is made, its answer is lost, and EndUser ends the session before it is sent
// again: that does not bring the session back.
func TestRollRenewalAgain(t *testing.T) {
	t.Parallel()
	server := storetest.Redis(t)
	m := newMirage(t, server.Addr)
	pool, between := m.pool(), func() {}
	defer pool.Close()
	dial := pool.Dial
	pool.Dial = func() (redis.Conn, error) { between(); return dial() }
	near, far := newUsersNode(redisstore.New(pool), store.Options{}), newUsersNode(redisstore.New(server.Pool()), store.Options{})
	for name, ends := range map[string]bool{"EndUser comes between": true, "nobody comes between": false} {
		token := near.login(t, "ann")
		ctx := near.load(t, token)
		if err := near.RenewToken(ctx); err != nil {
			t.Fatal(err)
		}
		if ends {
			between = func() {
				between = func() {}
				if n, err := far.sessions.EndUser(t.Context(), "ann"); n != 1 || err != nil {
					t.Errorf("EndUser: %d, %v", n, err)
				}
			}
		}
		m.drop.Store(1)
		_, _, err := near.Commit(ctx)
		left := must(far.sessions.SessionsOf(t.Context(), "ann"))
		if ends && (!errors.Is(err, store.ErrGone) || len(left) > 0) || !ends && (err != nil || len(left) != 1) {
			t.Errorf("%s: %v, and there is %v", name, err, left)
		}
		if _, err := far.sessions.EndUser(t.Context(), "ann"); err != nil {
			t.Error(err)
		}
	}
	if m.dropped.Load() != 2 {
		t.Errorf("%d answers were lost", m.dropped.Load())
	}
}
