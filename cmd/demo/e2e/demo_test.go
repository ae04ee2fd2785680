package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// limit is longer than anything here takes.
const limit = 10 * time.Second

// program is the demo, built once for all tests.
var program string

func TestMain(m *testing.M) {
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	folder, err := os.MkdirTemp("", "socketio-sessions-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)

	program = os.Getenv("DEMO") // one that was built otherwise, with -race say
	if program == "" {
		program = filepath.Join(folder, "demo")
		build := exec.Command("go", "build", "-o", program, ".")
		build.Dir = ".." // a package of the library's module
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "go build of the demo: %v\n%s", err, out)
			return 1
		}
	}
	return m.Run()
}

// A demo is one that runs, or another server of ours.
type demo struct {
	t      *testing.T
	cmd    *exec.Cmd
	url    string
	stderr bytes.Buffer
}

// startDemo runs the demo on a free port until the test is over.
func startDemo(t *testing.T, args ...string) *demo {
	t.Helper()
	return launch(t, program, append([]string{"-addr", "127.0.0.1:0"}, args...)...)
}

// launch runs a program that says where it listens, until the test is over.
func launch(t *testing.T, program string, args ...string) *demo {
	t.Helper()
	d := &demo{t: t, cmd: exec.Command(program, args...)}
	d.cmd.Stderr = &d.stderr
	stdout, err := d.cmd.StdoutPipe()
	if err == nil {
		err = d.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.stop)
	line, err := bufio.NewReader(stdout).ReadString('\n')
	url, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if err != nil || !ok {
		t.Fatalf("first line %q, error %v", line, err)
	}
	d.url = url
	return d
}

// stop ends it as an operator does, and fails the test when it does not end
// well.
func (d *demo) stop() {
	if d.cmd.ProcessState != nil {
		return
	}
	kill := time.AfterFunc(limit, func() { _ = d.cmd.Process.Kill() })
	defer kill.Stop()
	_ = d.cmd.Process.Signal(syscall.SIGTERM)
	if err := d.cmd.Wait(); err != nil {
		d.t.Errorf("%s ended with %v: %s", d.cmd.Path, err, &d.stderr)
	}
}
