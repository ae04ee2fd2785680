package gobcodec_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// childEnv makes this program play another process of the same app. Its value is the
// role.
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

// child returns a command that plays a role in another process. It is killed when ctx
// ends.
func child(ctx context.Context, role string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+role)
	return cmd
}
