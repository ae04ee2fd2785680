package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/gomodule/redigo/redis"
)

// A process is a program that this one has started.
type process struct {
	cmd  *exec.Cmd
	addr string
	args []string
}

func launch(addr string, args ...string) (*process, error) {
	p := &process{addr: addr, args: args}
	return p, p.start()
}

func (p *process) start() error {
	p.cmd = exec.Command(p.args[0], p.args[1:]...) //nolint:gosec // the arguments are ours
	p.cmd.Stderr = os.Stderr
	return p.cmd.Start()
}

// kill ends the process as a crash would.
func (p *process) kill() {
	_ = p.cmd.Process.Signal(syscall.SIGKILL)
	_ = p.cmd.Wait()
}

func (p *process) signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

// cpu returns the CPU time that the process has used.
func (p *process) cpu() time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// rss returns the memory of the process in MB.
func (p *process) rss() int {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	pages, _ := strconv.Atoi(strings.Fields(string(b))[1])
	return pages * os.Getpagesize() >> 20
}

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

// commands returns how many commands the server has processed, without those that it
// has read from disk at its start.
func (r *redisServer) commands() int {
	info, err := redis.String(r.do("INFO", "commandstats"))
	if err != nil {
		return 0
	}
	count := 0
	for line := range strings.Lines(info) {
		_, calls, _ := strings.Cut(line, ":calls=")
		calls, _, _ = strings.Cut(calls, ",")
		n, _ := strconv.Atoi(calls)
		count += n
	}
	return count
}

// startDemo runs the demo on a Redis.
func startDemo(program, redisAddr string, args ...string) (*process, error) {
	addr, _, err := freeAddr()
	if err != nil {
		return nil, err
	}
	p, err := launch(addr, append([]string{program, "-addr", addr, "-store", "redis://" + redisAddr + "/0"}, args...)...)
	if err != nil {
		return nil, err
	}
	return p, within(10*time.Second, "the demo answers", p.healthy)
}

func (p *process) healthy() bool {
	answer, err := http.Get("http://" + p.addr + "/healthz")
	if err != nil {
		return false
	}
	_ = answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

func freeAddr() (addr, port string, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", "", err
	}
	defer l.Close()
	_, port, err = net.SplitHostPort(l.Addr().String())
	return l.Addr().String(), port, err
}

// within waits for what must happen in time.
func within(limit time.Duration, what string, ok func() bool) error {
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for late := time.After(limit); !ok(); {
		select {
		case <-again.C:
		case <-late:
			return errors.New("not in time: " + what)
		}
	}
	return nil
}
