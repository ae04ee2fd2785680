package metrics_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	socketio "github.com/googollee/go-socket.io"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/internal/rawclient"
	"github.com/socketio-sessions/socketio-sessions/plugin/metrics"
	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// Everything that the plugin tells is counted, under the names that the
// documentation gives.
func TestCollector(t *testing.T) {
	t.Parallel()
	c := metrics.New()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(c)
	o, ctx := c.Observer(), t.Context()
	o.Loaded(ctx, 50*time.Microsecond, nil)
	o.Loaded(ctx, time.Minute, errors.New("down"))
	o.Saved(ctx, time.Millisecond, nil)
	o.Saved(ctx, time.Millisecond, nil)
	o.Saved(ctx, time.Millisecond, fmt.Errorf("save: %w", plugin.ErrGone))
	o.Saved(ctx, time.Second, errors.New("down"))
	o.Conflicted(ctx)
	o.Handled(ctx, "/chat", "say", time.Millisecond, nil)
	o.Handled(ctx, "/chat", "say", time.Millisecond, errors.New("no"))
	o.Handled(ctx, "/chat", "say", time.Millisecond, errors.New("no"))
	for range 3 {
		o.Entered(ctx, "/")
	}
	o.Left(ctx, "/", "slow")
	o.Entered(ctx, "/chat")
	o.Left(ctx, "/chat", "slow")
	o.Refused(ctx, plugin.CodeNoCookie)
	o.Refused(ctx, "members_only") // an app's own, of which there may be many
	o.Refused(ctx, "members_only")
	o.Sized(ctx, 1000)
	o.Sized(ctx, 100_000)
	o.Waited(ctx, "/chat", time.Second)

	want := `
		# HELP socketio_sessions_conflicts_total Saves that met what somebody else had written.
		# TYPE socketio_sessions_conflicts_total counter
		socketio_sessions_conflicts_total 1
		# HELP socketio_sessions_left_total Clients that have left a namespace.
		# TYPE socketio_sessions_left_total counter
		socketio_sessions_left_total{reason="slow"} 2
		# HELP socketio_sessions_refusals_total Clients that were turned away or sent out.
		# TYPE socketio_sessions_refusals_total counter
		socketio_sessions_refusals_total{code="no_cookie"} 1
		socketio_sessions_refusals_total{code="other"} 2
		# HELP socketio_sessions_sockets Clients that are in a namespace.
		# TYPE socketio_sessions_sockets gauge
		socketio_sessions_sockets{namespace="/"} 2
		socketio_sessions_sockets{namespace="/chat"} 0
	`
	err := testutil.GatherAndCompare(registry, strings.NewReader(want),
		"socketio_sessions_conflicts_total", "socketio_sessions_left_total", "socketio_sessions_refusals_total", "socketio_sessions_sockets")
	if err != nil {
		t.Error(err)
	}
	counts := gather(t, registry)
	for name, want := range map[string]uint64{
		"socketio_sessions_event_seconds say /chat ok":    1,
		"socketio_sessions_event_seconds say /chat error": 2,

		"socketio_sessions_load_seconds ok":    1,
		"socketio_sessions_load_seconds error": 1,
		"socketio_sessions_save_seconds ok":    2,
		"socketio_sessions_save_seconds gone":  1,
		"socketio_sessions_save_seconds error": 1,

		"socketio_sessions_session_bytes":      2,
		"socketio_sessions_wait_seconds /chat": 1,
	} {
		if counts[name] != want {
			t.Errorf("%s: %d, want %d", name, counts[name], want)
		}
	}
	if len(counts) != 9 {
		t.Errorf("got %v", counts)
	}
}

// gather returns how much each histogram holds, by its name and its labels' values.
func gather(t *testing.T, registry *prometheus.Registry) map[string]uint64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	counts := make(map[string]uint64)
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if h := metric.GetHistogram(); h != nil {
				name := family.GetName()
				for _, label := range metric.GetLabel() {
					name += " " + label.GetValue()
				}
				counts[name] = h.GetSampleCount()
			}
		}
	}
	return counts
}

// What the plugin tells arrives: here, of a client without a session.
func TestCollectorObserves(t *testing.T) {
	t.Parallel()
	c := metrics.New()
	wire := transport.New(transport.Options{MaxWaitingBytes: 100_000_000})
	server := socketio.NewServer(wire.EngineOptions(nil))
	sessions, err := plugin.Enable(server, scs.New(), plugin.Options{Transport: wire, Observer: c.Observer(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	c.Watch(sessions)
	sessions.OnConnect("/", func(socketio.Conn, *plugin.Session) error { return nil })
	go server.Serve() // for ever
	web := httptest.NewServer(sessions)
	defer web.Close()
	defer sessions.Close(t.Context())

	client := &rawclient.Client{TB: t, URL: web.URL + "/socket.io/", Transport: rawclient.Polling, Version: 3}
	client.MustOpen()
	client.SkipTo(`44{"code":"` + plugin.CodeNoCookie)
	want := `
		# HELP socketio_sessions_waiting_limit_bytes How much may wait for all clients together.
		# TYPE socketio_sessions_waiting_limit_bytes gauge
		socketio_sessions_waiting_limit_bytes 1e+08
		# HELP socketio_sessions_refusals_total Clients that were turned away or sent out.
		# TYPE socketio_sessions_refusals_total counter
		socketio_sessions_refusals_total{code="no_cookie"} 1
	`
	if err := testutil.CollectAndCompare(c, strings.NewReader(want), "socketio_sessions_refusals_total", "socketio_sessions_waiting_limit_bytes"); err != nil {
		t.Error(err)
	}
}

// What sources have is read when it is asked for, and added up; of what is worst of them
// it is the worst.
func TestWatch(t *testing.T) {
	t.Parallel()
	c := metrics.New()
	gauges := func() (all string) {
		registry := prometheus.NewPedanticRegistry()
		registry.MustRegister(c)
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, family := range families {
			for _, metric := range family.GetMetric() {
				name := strings.TrimPrefix(family.GetName(), "socketio_sessions_")
				for _, label := range metric.GetLabel() {
					name += " " + label.GetValue()
				}
				switch value := metric.GetGauge().GetValue(); {
				case metric.Gauge != nil:
					all += fmt.Sprintln(name, value)
				case name == "line_missed_total notes" || name == "line_missed_total messages":
					all += fmt.Sprintln(name, metric.GetCounter().GetValue())
				}
			}
		}
		return all
	}
	if got := gauges(); got != "" {
		t.Errorf("without a source:\n%s", got)
	}
	c.Watch(fixed{
		Connections: 7, Anonymous: 2, Sessions: 5, Unsaved: 1, OldestUnsaved: 1500 * time.Millisecond, WaitingBytes: 10, MaxWaitingBytes: 100,
		Notes: &store.LineState{Up: true, Joined: 5, Missed: 3},
	})
	const one = `anonymous_connections 2
connections 7
draining 0
held 5
line_joined notes 5
line_missed_total notes 3
line_up notes 1
store_failing 0
unsaved 1
unsaved_oldest_seconds 1.5
waiting_bytes 10
waiting_limit_bytes 100
`
	if got := gauges(); got != one {
		t.Errorf("of one source:\n%s", got)
	}
	c.Watch(fixed{
		Connections: 1, Draining: true, StoreFailing: true, OldestUnsaved: time.Second, MaxWaitingBytes: 100,
		Notes: &store.LineState{Joined: 1}, Messages: &store.LineState{Up: true, Joined: 2},
	})
	const two = `anonymous_connections 2
connections 8
draining 1
held 5
line_joined messages 2
line_joined notes 6
line_missed_total messages 0
line_missed_total notes 3
line_up messages 1
line_up notes 0
store_failing 1
unsaved 1
unsaved_oldest_seconds 1.5
waiting_bytes 10
waiting_limit_bytes 200
`
	if got := gauges(); got != two {
		t.Errorf("of two:\n%s", got)
	}
}
