package storetest

import (
	"errors"
	"fmt"
	"math"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"
)

// A RedisServer is a real redis-server that belongs to one test.
type RedisServer struct {
	// Addr is its address, on 127.0.0.1 and a port that was free.
	Addr string

	t       testing.TB
	args    []string
	process *exec.Cmd
	ended   chan error // gets the process's end
}

// Redis starts a redis-server that keeps nothing on disk, with further arguments if any,
// and stops it when the test ends. It fails the test if redis-server is not installed.
func Redis(tb testing.TB, args ...string) *RedisServer {
	tb.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		tb.Fatal("redis-server is not installed: run .ci/install as root, or install the package redis-server")
	}
	r := &RedisServer{t: tb, args: args}
	const tries = 5 // another process can take the free port first
	var err error
	for range tries {
		r.Addr = freeAddr(tb)
		if err = r.start(); err == nil {
			tb.Cleanup(r.Stop)
			return r
		}
	}
	tb.Fatal(err)
	return nil
}

// Start starts the server again, empty, after Stop.
func (r *RedisServer) Start() {
	r.t.Helper()
	if err := r.start(); err != nil {
		r.t.Fatal(err)
	}
}

// Stop kills the server, as a crash would. Stopping it twice is no error.
func (r *RedisServer) Stop() {
	if r.process == nil {
		return
	}
	_ = r.process.Process.Signal(syscall.SIGKILL)
	<-r.ended //nolint:errcheck // killed, so it ends with an error
	r.process = nil
}

// Pool returns a pool of connections to the server, with timeouts of a second.
func (r *RedisServer) Pool() *redis.Pool {
	pool := &redis.Pool{
		MaxIdle: 16,
		Dial: func() (redis.Conn, error) {
			return redis.Dial("tcp", r.Addr, redis.DialConnectTimeout(time.Second),
				redis.DialReadTimeout(time.Second), redis.DialWriteTimeout(time.Second))
		},
		TestOnBorrow: func(c redis.Conn, idle time.Time) error {
			if time.Since(idle) < time.Second {
				return nil
			}
			_, err := c.Do("PING")
			return err
		},
	}
	r.t.Cleanup(func() { _ = pool.Close() })
	return pool
}

func (r *RedisServer) start() error {
	_, port, err := net.SplitHostPort(r.Addr)
	if err != nil {
		return err
	}
	args := append([]string{"--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no", "--dir", r.t.TempDir()}, r.args...)
	process := exec.Command("redis-server", args...) //nolint:gosec // the arguments are the test's
	if err := process.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- process.Wait() }() // ends with the process
	r.process, r.ended = process, ended
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for late := time.After(10 * time.Second); ; {
		if r.answers() {
			return nil
		}
		select {
		case <-again.C:
		case err := <-ended:
			r.process = nil
			return fmt.Errorf("redis-server on %s: %w", r.Addr, err)
		case <-late:
			r.Stop()
			return errors.New("redis-server does not answer")
		}
	}
}

// answers reports whether this server answers, not another one on its port.
func (r *RedisServer) answers() bool {
	conn, err := redis.Dial("tcp", r.Addr, redis.DialReadTimeout(time.Second))
	if err != nil {
		return false
	}
	defer conn.Close()
	info, err := redis.String(conn.Do("INFO", "server"))
	if refused := redis.Error(""); errors.As(err, &refused) {
		return true // it wants a password first
	}
	return err == nil && strings.Contains(info, fmt.Sprintf("process_id:%d\r\n", r.process.Process.Pid))
}

// freeAddr returns an address with a free port. A server in a cluster, or a Sentinel, also
// needs the port 10000 above it.
func freeAddr(tb testing.TB) string {
	tb.Helper()
	for {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			tb.Fatal(err)
		}
		_ = l.Close()
		if port := l.Addr().(*net.TCPAddr).Port; port+10000 <= math.MaxUint16 {
			return "127.0.0.1:" + strconv.Itoa(port)
		}
	}
}
