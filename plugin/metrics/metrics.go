// Package metrics counts for Prometheus what the plugin does:
//
//	counts := metrics.New()
//	prometheus.MustRegister(counts)
//	sessions, err := plugin.Enable(server, manager, plugin.Options{Transport: wire, Observer: counts})
//
// It is a module of its own, so that who does without Prometheus need not have
// it.
package metrics

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

// A Collector is a [plugin.Observer] of one or several [plugin.Sessions], and a
// [prometheus.Collector] of:
//
//   - socketio_sessions_load_seconds, a histogram of how long the store took to
//     find sessions, by result: "ok" or "error"
//   - socketio_sessions_save_seconds, the same of saves, by result: "ok",
//     "gone" for sessions that had ended, or "error"
//   - socketio_sessions_conflicts_total, saves that met another's
//   - socketio_sessions_refusals_total, clients that were turned away or sent
//     out, by the code of the Refusal
//   - socketio_sessions_sockets, clients that are in, by namespace
//
// The buckets of both histograms go from 10 µs to 2.6 s, each four times the one
// before.
//
// It is made by [New]; its methods are safe for concurrent use.
type Collector struct {
	loads, saves *prometheus.HistogramVec
	conflicts    prometheus.Counter
	refusals     *prometheus.CounterVec
	sockets      *prometheus.GaugeVec
}

var (
	_ plugin.Observer      = (*Collector)(nil)
	_ prometheus.Collector = (*Collector)(nil)
)

// New returns a Collector, which is yet to be registered. Several in one
// registry need labels of their own: see [prometheus.WrapRegistererWith].
func New() *Collector {
	const namespace = "socketio_sessions"
	histogram := func(name, help string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Name: name, Help: help,
			// From what memory takes to what only a store in trouble does.
			Buckets: prometheus.ExponentialBuckets(10e-6, 4, 10),
		}, []string{"result"})
	}
	return &Collector{
		loads: histogram("load_seconds", "How long the store took to find sessions of sockets."),
		saves: histogram("save_seconds", "How long the store took to save sessions of sockets."),
		conflicts: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: namespace, Name: "conflicts_total", Help: "Saves that met what somebody else had written.",
		}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "refusals_total", Help: "Clients that were turned away or sent out.",
		}, []string{"code"}),
		sockets: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: namespace, Name: "sockets", Help: "Clients that are in a namespace.",
		}, []string{"namespace"}),
	}
}

func (c *Collector) all() []prometheus.Collector {
	return []prometheus.Collector{c.loads, c.saves, c.conflicts, c.refusals, c.sockets}
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

// Loaded implements [plugin.Observer].
func (c *Collector) Loaded(took time.Duration, err error) {
	c.loads.WithLabelValues(result(err)).Observe(took.Seconds())
}

// Saved implements [plugin.Observer].
func (c *Collector) Saved(took time.Duration, err error) {
	c.saves.WithLabelValues(result(err)).Observe(took.Seconds())
}

func result(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, plugin.ErrGone):
		return "gone"
	}
	return "error"
}

// Conflicted implements [plugin.Observer].
func (c *Collector) Conflicted() { c.conflicts.Inc() }

// Entered implements [plugin.Observer].
func (c *Collector) Entered(namespace string) { c.sockets.WithLabelValues(namespace).Inc() }

// Left implements [plugin.Observer].
func (c *Collector) Left(namespace string) { c.sockets.WithLabelValues(namespace).Dec() }

// Refused implements [plugin.Observer].
func (c *Collector) Refused(code string) { c.refusals.WithLabelValues(code).Inc() }
