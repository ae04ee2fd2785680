package main

import (
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/gomodule/redigo/redis"
)

// A redisServer keeps everything on disk before it answers.
type redisServer struct{ *process }

func startRedis(folder string) (*redisServer, error) {
	addr, port, err := freeAddr()
	if err != nil {
		return nil, err
	}
	p, err := launch(addr, "redis-server", "--bind", "127.0.0.1", "--port", port, "--save", "",
		"--appendonly", "yes", "--appendfsync", "always", "--dir", folder, "--loglevel", "warning")
	if err != nil {
		return nil, err
	}
	r := &redisServer{p}
	return r, within(10*time.Second, "redis-server answers", r.answers)
}

// again starts the server once more, with its data.
func (r *redisServer) again() error {
	if err := r.start(); err != nil {
		return err
	}
	return within(20*time.Second, "redis-server answers again", r.answers)
}

func (r *redisServer) answers() bool {
	_, err := r.do("PING")
	return err == nil
}

func (r *redisServer) do(name string, args ...any) (any, error) {
	conn, err := redis.Dial("tcp", r.addr, redis.DialReadTimeout(10*time.Second))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return conn.Do(name, args...)
}

// calls counts the commands that the server has processed, by name, those of scripts and
// not those of this file. It begins anew with a process.
type calls map[string]int

func (r *redisServer) calls() calls {
	info, _ := redis.String(r.do("INFO", "commandstats"))
	done := make(calls)
	for line := range strings.Lines(info) {
		name, stats, ok := strings.Cut(strings.TrimPrefix(line, "cmdstat_"), ":calls=")
		if n, _, _ := strings.Cut(stats, ","); ok {
			done[name], _ = strconv.Atoi(n)
		}
	}
	maps.DeleteFunc(done, func(name string, _ int) bool {
		return name == "info" || name == "memory|usage" || name == "client|kill"
	})
	return done
}

func (r *redisServer) commands() (sum int) {
	for _, n := range r.calls() {
		sum += n
	}
	return sum
}

// memory returns the bytes that the server has in use.
func (r *redisServer) memory() int {
	used, _ := strconv.Atoi(r.info("memory", "used_memory"))
	return used
}

func (r *redisServer) version() string { return r.info("server", "redis_version") }

func (r *redisServer) info(section, field string) string {
	info, _ := redis.String(r.do("INFO", section))
	for line := range strings.Lines(info) {
		if value, ok := strings.CutPrefix(line, field+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
