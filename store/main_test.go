package store_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// childEnv makes this program play another process of the same app. Its value is the name
// of a role and its arguments, separated by spaces.
const childEnv = "STORE_TEST_CHILD"

var roles = map[string]func(args []string) error{
	"count":    countChild,
	"checkscs": checkSCSChild,
	"node":     nodeChild,
	"write":    writeChild,
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

// child returns a command that plays a role in another process. It is killed when ctx
// ends.
func child(ctx context.Context, role ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+strings.Join(role, " "),
		"GORACE="+os.Getenv("GORACE")+" atexit_sleep_ms=0") // its goroutines have ended, so it need not wait a second
	return cmd
}
