package metrics_test

import (
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/metrics"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// fixed is a source.
type fixed plugin.Stats

func (f fixed) Stats() plugin.Stats { return plugin.Stats(f) }

// full returns a registry whose collector has something of each metric.
func full(t *testing.T) *prometheus.Registry {
	t.Helper()
	c := metrics.New()
	c.Watch(fixed{Notes: new(store.LineState), Messages: new(store.LineState)})
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(c)
	o, ctx := c.Observer(), t.Context()
	o.Loaded(ctx, time.Second, nil)
	o.Saved(ctx, time.Second, nil)
	o.Handled(ctx, "/", "say", time.Second, nil)
	o.Waited(ctx, "/", time.Second)
	o.Entered(ctx, "/")
	o.Left(ctx, "/", "slow")
	o.Refused(ctx, plugin.CodeUnknown)
	return registry
}

// cells returns the rows of a file's tables whose first cell is code.
func cells(t *testing.T, file, after string) (rows [][]string) {
	t.Helper()
	_, text, found := strings.Cut(read(t, file), after)
	if !found {
		t.Fatalf("%s has no %q", file, after)
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "| `") {
			row := strings.Split(strings.Trim(line, "|\n"), "|")
			for i := range row {
				row[i] = strings.TrimSpace(row[i])
			}
			rows = append(rows, row)
		}
	}
	return rows
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// The README names what there is, and nothing else: name, type and labels.
func TestReadmeNamesEachMetric(t *testing.T) {
	t.Parallel()
	families, err := full(t).Gather()
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, family := range families {
		var names []string
		for _, label := range family.GetMetric()[0].GetLabel() {
			names = append(names, label.GetName())
		}
		slices.Sort(names)
		want = append(want, strings.Join([]string{family.GetName(), strings.ToLower(family.GetType().String()), strings.Join(names, " ")}, "|"))
	}
	for _, row := range cells(t, "README.md", "## What there is") {
		if name := strings.Trim(row[0], "`"); strings.HasPrefix(name, "socketio_sessions_") {
			names := strings.Fields(strings.NewReplacer("`", "", ",", "").Replace(row[2]))
			slices.Sort(names)
			got = append(got, name+"|"+row[1]+"|"+strings.Join(names, " "))
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the README has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Each metric is described, whether it has a value yet or not.
func TestDescribe(t *testing.T) {
	t.Parallel()
	described := make(chan *prometheus.Desc, 100)
	metrics.New().Describe(described)
	close(described)
	all := ""
	for desc := range described {
		all += desc.String() + "\n"
	}
	families, err := full(t).Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if !strings.Contains(all, `fqName: "`+family.GetName()+`"`) {
			t.Errorf("%s is not described", family.GetName())
		}
	}
}

// The values of labels are bounded, whatever an app or a client makes up, and each that
// the plugin itself has is kept.
func TestLabelsAreBounded(t *testing.T) {
	t.Parallel()
	c, ctx := metrics.New(), t.Context()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(c)
	o := c.Observer()
	hear := map[string]func(string){
		"handshakes_total": func(s string) { o.Arrived(ctx, s) },
		"refusals_total":   func(s string) { o.Refused(ctx, s) },
		"left_total":       func(s string) { o.Left(ctx, "/", s) },
		"dropped_total":    func(s string) { o.Dropped(ctx, s) },
		"ends_total":       func(s string) { o.Ended(ctx, s) },
		"claims_total":     func(s string) { o.Claimed(ctx, s) },
	}
	own := map[string][]string{
		"handshakes_total": append(constants(t, "../outcome.go", "Arrived"), constants(t, "../refusal.go", "Code")...),
		"refusals_total":   constants(t, "../refusal.go", "Code"),
		"left_total":       append(constants(t, "../internal/wire/lifecycle.go", "Reason"), constants(t, "../gate.go", "reason")...),
		"dropped_total":    constants(t, "../outcome.go", "Dropped"),
		"claims_total":     constants(t, "../outcome.go", "Claim"),
		"ends_total":       {plugin.CodeDestroyed, plugin.CodeRenewed, plugin.CodeExpired, plugin.CodeInternal},
	}
	for name, f := range hear {
		for _, value := range own[name] {
			f(value)
		}
		f("made up")
		f("by\xffsomebody")
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		name := strings.TrimPrefix(family.GetName(), "socketio_sessions_")
		if hear[name] == nil {
			continue
		}
		counts := make(map[string]float64)
		for _, metric := range family.GetMetric() {
			counts[metric.GetLabel()[0].GetValue()] = metric.GetCounter().GetValue()
		}
		for _, value := range own[name] {
			if counts[value] < 1 {
				t.Errorf("%s has no %q", name, value)
			}
		}
		if counts["other"] != 2 {
			t.Errorf("%s: %v", name, counts)
		}
	}
}

// constants returns the values of a file's constants whose names begin with a word.
func constants(t *testing.T, file, word string) (values []string) {
	t.Helper()
	for _, match := range regexp.MustCompile(`(?m)^\t`+word+`\w* += "(.+?)"`).FindAllStringSubmatch(read(t, file), -1) {
		values = append(values, match[1])
	}
	if len(values) < 2 {
		t.Fatalf("%s has the constants %q", file, values)
	}
	return values
}

// An event that was acknowledged busy has a result of its own.
func TestBusy(t *testing.T) {
	t.Parallel()
	c := metrics.New()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(c)
	o, ctx := c.Observer(), t.Context()
	o.Handled(ctx, "/", "say", time.Second, &plugin.Refusal{Code: plugin.CodeBusy})
	o.Handled(ctx, "/", "say", time.Second, &plugin.Refusal{Code: "app"})
	o.Handled(ctx, "/", "say", time.Second, errors.New("no"))
	counts := gather(t, registry)
	if counts["socketio_sessions_event_seconds say / busy"] != 1 || counts["socketio_sessions_event_seconds say / error"] != 2 {
		t.Errorf("got %v", counts)
	}
}
