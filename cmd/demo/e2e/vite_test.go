package e2e

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

const viteFolder = "../examples/vite"

var viteLocal = regexp.MustCompile(`Local: +(http://127\.0\.0\.1:\d+)/`)

// TestVite opens the page of cmd/demo/examples/vite, as Vite builds it and as its
// development server passes on what is not the page: one session has both.
func TestVite(t *testing.T) {
	t.Parallel()
	vite := filepath.Join(viteFolder, "node_modules/vite/bin/vite.js")
	if _, err := os.Stat(vite); err != nil {
		t.Fatal("first: npm ci --ignore-scripts --prefix cmd/demo/examples/vite")
	}
	built := t.TempDir()
	run(t, viteFolder, "npm", "run", "build", "--", "--outDir", built, "--emptyOutDir")
	program := filepath.Join(programs, "vite")
	run(t, viteFolder, "go", "build", "-o", program, ".")

	app := launch(t, program, "-addr", "127.0.0.1:0", "-page", built)
	t.Cleanup(func() { // it has no graceful end
		_ = app.cmd.Process.Kill()
		_ = app.cmd.Wait()
	})
	browser := startBrowser(t)
	openPage(browser, t, app.url).until(`document.querySelector('output').value === '1 visits'`)
	openPage(browser, t, startVite(t, app.url)).until(`document.querySelector('output').value === '2 visits'`)
}

// startVite runs Vite's development server before a server until the test is over, and
// returns its address.
func startVite(t *testing.T, server string) string {
	t.Helper()
	cmd := exec.Command("node", "node_modules/vite/bin/vite.js", "--host", "127.0.0.1", "--port", "0")
	cmd.Dir = viteFolder
	cmd.Env = append(os.Environ(), "SERVER="+server, "NO_COLOR=1")
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if found := viteLocal.FindStringSubmatch(lines.Text()); found != nil {
			return found[1]
		}
	}
	t.Fatal("Vite has ended")
	return ""
}

func run(t *testing.T, folder, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}
