package metrics_test

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// promtool runs Prometheus's own tool.
func promtool(t *testing.T, args ...string) {
	t.Helper()
	if _, err := exec.LookPath("promtool"); err != nil {
		t.Fatal("promtool is not installed: run .ci/install as root, or install the package prometheus")
	}
	if out, err := exec.CommandContext(t.Context(), "promtool", args...).CombinedOutput(); err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// The rules are valid, fire when they should, and only then.
func TestAlerts(t *testing.T) {
	t.Parallel()
	promtool(t, "check", "rules", "alerts.yml")
	promtool(t, "test", "rules", "alerts_test.yml")
}

var (
	alert  = regexp.MustCompile(`- alert: (\w+)`)
	tried  = regexp.MustCompile(`- alertname: (\w+)\n *eval_time: \w+\n *exp_alerts:( \[\])?`)
	metric = regexp.MustCompile(`socketio_sessions_\w+`)
)

// There are six rules. Each is tried where it fires and where it does not, is in the
// README, and says what to do.
func TestAlertsAreTried(t *testing.T) {
	t.Parallel()
	rules, readme := read(t, "alerts.yml"), read(t, "README.md")
	fires, rests := make(map[string]int), make(map[string]int)
	for _, match := range tried.FindAllStringSubmatch(read(t, "alerts_test.yml"), -1) {
		if match[2] == "" {
			fires[match[1]]++
		} else {
			rests[match[1]]++
		}
	}
	names := alert.FindAllStringSubmatch(rules, -1)
	for _, match := range names {
		if name := match[1]; fires[name] == 0 || rests[name] == 0 || !strings.Contains(readme, "| "+name+" |") {
			t.Errorf("%s: fires %d times, rests %d times", name, fires[name], rests[name])
		}
	}
	if says := strings.Count(rules, "description: >-"); len(names) != 6 || says != 6 {
		t.Errorf("%d rules, of which %d say what to do", len(names), says)
	}
}

// The rules ask for metrics that there are.
func TestAlertsNameMetrics(t *testing.T) {
	t.Parallel()
	families, err := full(t).Gather()
	if err != nil {
		t.Fatal(err)
	}
	exported := make(map[string]bool)
	for _, family := range families {
		exported[family.GetName()] = true
	}
	for _, name := range metric.FindAllString(read(t, "alerts.yml")+read(t, "alerts_test.yml"), -1) {
		if !exported[name] && !exported[strings.TrimSuffix(name, "_count")] {
			t.Errorf("%s is not exported", name)
		}
	}
}
