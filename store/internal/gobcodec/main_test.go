package gobcodec_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// childEnv has this program play another process of the same app, in the role that
// it names.
const childEnv = "GOBCODEC_TEST_CHILD"

func TestMain(m *testing.M) {
	role := os.Getenv(childEnv)
	if role == "" {
		os.Exit(m.Run())
	}
	if err := codecChild(role); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// child is another process that is to play a role. It is killed when ctx ends.
func child(ctx context.Context, role string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+role)
	return cmd
}
