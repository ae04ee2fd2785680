// Package metrics counts for Prometheus what the plugin does:
//
//	counts := metrics.New()
//	prometheus.MustRegister(counts)
//	sessions, err := plugin.Enable(server, manager, plugin.Options{Transport: wire, Observer: counts.Observer()})
//
// It is a module of its own, so that who does without Prometheus need not have
// it.
package metrics

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

// A Collector observes one or several [plugin.Sessions]. It is a
// [prometheus.Collector] of:
//
//   - socketio_sessions_load_seconds, a histogram of how long the store took to
//     find sessions, by result: "ok" or "error"
//   - socketio_sessions_save_seconds, the same of saves, by result: "ok",
//     "gone" for sessions that had ended, or "error"
//   - socketio_sessions_event_seconds, a histogram of how long events took from
//     arrival to acknowledgement, by namespace, event and result: "ok" or "error"
//   - socketio_sessions_conflicts_total, saves that met another's
//   - socketio_sessions_refusals_total, clients that were turned away or sent
//     out, by the code of the Refusal
//   - socketio_sessions_sockets, clients that are in, by namespace
//   - socketio_sessions_left_total, clients that have left, by the reason that
//     OnDisconnect hears: "slow" for one that did not take what it was sent
//
// The buckets of the histograms go from 10 µs to 2.6 s, each four times the one
// before.
//
// It is made by [New]; its methods are safe for concurrent use.
type Collector struct {
	loads, saves, events *prometheus.HistogramVec
	conflicts            prometheus.Counter
	refusals, ends       *prometheus.CounterVec
	sockets              *prometheus.GaugeVec
}

var _ prometheus.Collector = (*Collector)(nil)

// New returns a Collector, which is yet to be registered. Several in one
// registry need labels of their own: see [prometheus.WrapRegistererWith].
func New() *Collector {
	const namespace = "socketio_sessions"
	histogram := func(name, help string, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Name: name, Help: help,
			// From what memory takes to what only a store in trouble does.
			Buckets: prometheus.ExponentialBuckets(10e-6, 4, 10),
		}, labels)
	}
	return &Collector{
		loads:  histogram("load_seconds", "How long the store took to find sessions of sockets.", "result"),
		saves:  histogram("save_seconds", "How long the store took to save sessions of sockets.", "result"),
		events: histogram("event_seconds", "How long events took, from arrival to acknowledgement.", "namespace", "event", "result"),
		conflicts: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: namespace, Name: "conflicts_total", Help: "Saves that met what somebody else had written.",
		}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "refusals_total", Help: "Clients that were turned away or sent out.",
		}, []string{"code"}),
		ends: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "left_total", Help: "Clients that have left a namespace.",
		}, []string{"reason"}),
		sockets: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: namespace, Name: "sockets", Help: "Clients that are in a namespace.",
		}, []string{"namespace"}),
	}
}

func (c *Collector) all() []prometheus.Collector {
	return []prometheus.Collector{c.loads, c.saves, c.events, c.conflicts, c.refusals, c.ends, c.sockets}
}

// Describe implements [prometheus.Collector].
func (c *Collector) Describe(to chan<- *prometheus.Desc) {
	for _, each := range c.all() {
		each.Describe(to)
	}
}

// Collect implements [prometheus.Collector].
func (c *Collector) Collect(to chan<- prometheus.Metric) {
	for _, each := range c.all() {
		each.Collect(to)
	}
}

// Observer returns what to give to plugin.Options.
func (c *Collector) Observer() plugin.Observer {
	return plugin.Observer{
		Loaded: func(_ context.Context, took time.Duration, err error) {
			c.loads.WithLabelValues(result(err)).Observe(took.Seconds())
		},
		Saved: func(_ context.Context, took time.Duration, err error) {
			c.saves.WithLabelValues(resultOfSave(err)).Observe(took.Seconds())
		},
		Handled: func(_ context.Context, namespace, event string, took time.Duration, err error) {
			c.events.WithLabelValues(namespace, event, result(err)).Observe(took.Seconds())
		},
		Conflicted: func(context.Context) { c.conflicts.Inc() },
		Entered:    func(_ context.Context, namespace string) { c.sockets.WithLabelValues(namespace).Inc() },
		Left: func(_ context.Context, namespace, reason string) {
			c.sockets.WithLabelValues(namespace).Dec()
			c.ends.WithLabelValues(reason).Inc()
		},
		Refused: func(_ context.Context, code string) { c.refusals.WithLabelValues(code).Inc() },
	}
}

func result(err error) string {
	if err != nil {
		return "error"
	}
	return "ok"
}

func resultOfSave(err error) string {
	if errors.Is(err, plugin.ErrGone) {
		return "gone"
	}
	return result(err)
}
