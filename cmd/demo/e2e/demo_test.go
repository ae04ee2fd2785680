package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"
)

// limit is longer than anything here takes.
const limit = 10 * time.Second

// programs is the folder of the servers, which are built once for all tests.
var programs string

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
	programs = folder

	build := exec.Command("go", "build", "-o", folder+"/", "./cmd/demo", "./testdata/mirror", "./testdata/tickets")
	build.Dir = "../../.." // packages of the library's module
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build of the servers: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// startDemo runs the demo on a free port until the test is over.
func startDemo(t *testing.T, args ...string) *process {
	t.Helper()
	return startProgram(t, "demo", append([]string{"-addr", "127.0.0.1:0"}, args...)...)
}
