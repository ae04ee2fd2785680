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
	"github.com/socketio-sessions/socketio-sessions/plugin/metrics"
	"github.com/socketio-sessions/socketio-sessions/plugin/plugintest"
	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
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
	o.Refused(ctx, "members_only")
	o.Refused(ctx, "members_only")

	want := `
		# HELP socketio_sessions_conflicts_total Saves that met what somebody else had written.
		# TYPE socketio_sessions_conflicts_total counter
		socketio_sessions_conflicts_total 1
		# HELP socketio_sessions_left_total Clients that have left a namespace.
		# TYPE socketio_sessions_left_total counter
		socketio_sessions_left_total{reason="slow"} 2
		# HELP socketio_sessions_refusals_total Clients that were turned away or sent out.
		# TYPE socketio_sessions_refusals_total counter
		socketio_sessions_refusals_total{code="members_only"} 2
		socketio_sessions_refusals_total{code="no_cookie"} 1
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
	} {
		if counts[name] != want {
			t.Errorf("%s: %d, want %d", name, counts[name], want)
		}
	}
	if len(counts) != 7 {
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
	wire := transport.New(transport.Options{})
	server := socketio.NewServer(wire.EngineOptions(nil))
	sessions, err := plugin.Enable(server, scs.New(), plugin.Options{Transport: wire, Observer: c.Observer(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	sessions.OnConnect("/", func(socketio.Conn, *plugin.Session) error { return nil })
	go server.Serve() // for ever
	web := httptest.NewServer(sessions)
	defer web.Close()
	defer sessions.Close(t.Context())

	client := &plugintest.Client{TB: t, URL: web.URL + "/socket.io/", Transport: plugintest.Polling, Version: 3}
	client.MustOpen()
	client.SkipTo(`44{"code":"` + plugin.CodeNoCookie)
	want := `
		# HELP socketio_sessions_refusals_total Clients that were turned away or sent out.
		# TYPE socketio_sessions_refusals_total counter
		socketio_sessions_refusals_total{code="no_cookie"} 1
	`
	if err := testutil.CollectAndCompare(c, strings.NewReader(want), "socketio_sessions_refusals_total"); err != nil {
		t.Error(err)
	}
}
