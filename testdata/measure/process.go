package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
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

// start starts the program. Its input ends with this process.
func (p *process) start() error {
	p.cmd = exec.Command(p.args[0], p.args[1:]...) //nolint:gosec // the arguments are ours
	p.cmd.Stderr = os.Stderr
	if _, err := p.cmd.StdinPipe(); err != nil {
		return err
	}
	return p.cmd.Start()
}

// kill ends the process as a crash would.
func (p *process) kill() { p.end(syscall.SIGKILL) }

func (p *process) end(s syscall.Signal) {
	p.signal(s)
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

// rss returns the bytes of memory that the process has.
func (p *process) rss() int {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	pages, _ := strconv.Atoi(strings.Fields(string(b))[1])
	return pages * os.Getpagesize()
}

// startNode runs this program as a node on a Redis.
func startNode(redisAddr string, args ...string) (*process, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	addr, _, err := freeAddr()
	if err != nil {
		return nil, err
	}
	p, err := launch(addr, append([]string{program, "node", "-addr", addr, "-redis", redisAddr}, args...)...)
	if err != nil {
		return nil, err
	}
	return p, within(10*time.Second, "the node answers", func() bool { _, err := p.usage(); return err == nil })
}

// usage returns what a node has in use.
func (p *process) usage() (u usage, err error) {
	err = p.ask("/usage", &u)
	return u, err
}

// garbage returns what its collector has done.
func (p *process) garbage() (g garbage, err error) {
	err = p.ask("/garbage", &g)
	return g, err
}

func (p *process) ask(path string, into any) error {
	answer, err := http.Get("http://" + p.addr + path)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	return json.NewDecoder(answer.Body).Decode(into)
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
