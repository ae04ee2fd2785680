package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gomodule/redigo/redis"
)

// ErrCluster says that the server belongs to a Redis cluster, where a RedisStore does not
// work.
var ErrCluster = errors.New("redisstore: the server is a node of a Redis cluster, which is not supported; use one server, or Sentinel")

// Check implements [store.Checker]. It returns [ErrCluster], or what is wrong with the
// pool. A server that cannot be reached yet is no error.
func (r *RedisStore) Check(ctx context.Context) error {
	if limit := r.pool.MaxActive; limit > 0 && limit < 3 {
		return fmt.Errorf("redisstore: the pool's MaxActive is %d; it must be at least 3: two connections listen", limit)
	}
	conn, err := r.pool.GetContext(ctx)
	if err != nil {
		return nil //nolint:nilerr // it may be started later
	}
	defer conn.Close()
	info, err := redis.String(redis.DoContext(conn, ctx, "INFO", "cluster"))
	if err == nil && strings.Contains(info, "cluster_enabled:1") {
		return ErrCluster
	}
	return nil
}
