package store_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// childEnv has this program play another process of the same app: the name of
// a role and what it needs, with spaces between.
const childEnv = "STORE_TEST_CHILD"

var roles = map[string]func(args []string) error{
	"count":   countChild,
	"insides": insidesChild,
	"node":    nodeChild,
	"write":   writeChild,
}

func TestMain(m *testing.M) {
	role := strings.Fields(os.Getenv(childEnv))
	if len(role) == 0 {
		os.Exit(m.Run())
	}
	if err := roles[role[0]](role[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// child is another process that is to play a role. It is killed when ctx ends.
func child(ctx context.Context, role ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+strings.Join(role, " "),
		"GORACE="+os.Getenv("GORACE")+" atexit_sleep_ms=0") // not a second each: its goroutines have ended
	return cmd
}
