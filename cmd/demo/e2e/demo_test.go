package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// limit is longer than anything here takes.
const limit = 10 * time.Second

// programs is the folder of what was built, once for all tests; program is the
// demo in it.
var programs, program string

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

// startDemo runs the demo on a free port until the test is over.
func startDemo(t *testing.T, args ...string) *process {
	t.Helper()
	return launch(t, program, append([]string{"-addr", "127.0.0.1:0"}, args...)...)
}
