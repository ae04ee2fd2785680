package e2e

import (
	"bufio"
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// startRedis runs a Redis that keeps nothing on disk until the test is over,
// and returns its address as -store takes it.
func startRedis(t *testing.T) string {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = free.Close()
	_, port, _ := net.SplitHostPort(free.Addr().String())
	cmd := exec.Command("redis-server", "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no", "--dir", t.TempDir())
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	ready := make(chan bool, 1)
	done := make(chan struct{})
	go func() { // ends with Redis
		defer close(done)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			if strings.Contains(lines.Text(), "Ready to accept connections") {
				ready <- true
			}
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-done
		_ = cmd.Wait()
	})
	select {
	case <-ready:
	case <-done:
		t.Fatal("redis-server ended")
	}
	return "redis://127.0.0.1:" + port + "/0"
}

// startProgram runs one of the programs until the test is over, or another that was
// built otherwise, with -race say: its name in capitals is the variable that names it.
func startProgram(t *testing.T, name string, args ...string) *process {
	t.Helper()
	program := os.Getenv(strings.ToUpper(name))
	if program == "" {
		program = filepath.Join(programs, name)
	}
	return launch(t, program, args...)
}

// A process is a server of ours that runs.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	url    string
	stderr bytes.Buffer
}

// launch runs a program that says where it listens, until the test is over.
func launch(t *testing.T, program string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(program, args...)}
	p.cmd.Stderr = &p.stderr
	stdout, err := p.cmd.StdoutPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.stop)
	line, err := bufio.NewReader(stdout).ReadString('\n')
	url, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if err != nil || !ok {
		t.Fatalf("first line %q, error %v", line, err)
	}
	p.url = url
	return p
}

// stop ends it as an operator does, and fails the test when it does not end
// well.
func (p *process) stop() {
	if p.cmd.ProcessState != nil {
		return
	}
	kill := time.AfterFunc(limit, func() { _ = p.cmd.Process.Kill() })
	defer kill.Stop()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("%s ended with %v: %s", p.cmd.Path, err, &p.stderr)
	}
}
