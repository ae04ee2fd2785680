// Package metrics counts for Prometheus what the plugin does:
//
//	counts := metrics.New()
//	prometheus.MustRegister(counts)
//	sessions, err := plugin.Enable(server, manager, plugin.Options{Transport: wire, Observer: counts.Observer()})
//	…
//	counts.Watch(sessions)
//
// README.md in its folder has a table of the metrics, and alerts.yml has rules for them.
// Their names and labels are a contract: they change with a major version only.
//
// It is a module of its own, so that apps without Prometheus do not depend on it: go get
// github.com/socketio-sessions/socketio-sessions/plugin/metrics.
package metrics

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// A Collector observes one or several [plugin.Sessions], and is a [prometheus.Collector]
// of the metrics that README.md lists. Time buckets run from 10 µs to 2.6 s, each four
// times the last; size buckets from 256 bytes to 1 MiB.
//
// The values of its labels are bounded: namespaces and events are those that the app has
// registered, all others are of a fixed set, with "other" for what an app makes up, like
// the Code of its own Refusals.
//
// It is made by [New]; its methods are safe for concurrent use.
type Collector struct {
	loads, saves, events, waits         *prometheus.HistogramVec
	sizes                               prometheus.Histogram
	conflicts                           prometheus.Counter
	handshakes, refusals, left, dropped *prometheus.CounterVec
	ends, claims                        *prometheus.CounterVec
	sockets                             *prometheus.GaugeVec

	mu      sync.Mutex
	watched []Source
}

var _ prometheus.Collector = (*Collector)(nil)

// namespace begins the name of each metric.
const namespace = "socketio_sessions"

// New returns a Collector, which is yet to be registered. Several in one
// registry need labels of their own: see [prometheus.WrapRegistererWith].
func New() *Collector {
	c := &Collector{
		loads:  times("load_seconds", "How long the store took to find sessions of sockets.", "result"),
		saves:  times("save_seconds", "How long the store took to save sessions of sockets.", "result"),
		events: times("event_seconds", "How long events took, from arrival to acknowledgement.", "namespace", "event", "result"),
		waits:  times("wait_seconds", "How long events waited for earlier ones of their session.", "namespace"),
		sizes: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: namespace, Name: "session_bytes", Help: "How large sessions were that sockets saved.",
			Buckets: prometheus.ExponentialBuckets(256, 4, 7),
		}),
		conflicts: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: namespace, Name: "conflicts_total", Help: "Saves that met what somebody else had written.",
		}),
		handshakes: counter("handshakes_total", "Clients that have come, by what became of it.", "outcome"),
		refusals:   counter("refusals_total", "Clients that were turned away or sent out.", "code"),
		left:       counter("left_total", "Clients that have left a namespace.", "reason"),
		dropped:    counter("dropped_total", "Clients that were dropped, since too much waited to be sent.", "why"),
		ends:       counter("ends_total", "Sessions with sockets that have ended.", "reason"),
		claims:     counter("claims_total", "Logins inside sockets, by what became of them.", "outcome"),
		sockets: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: namespace, Name: "sockets", Help: "Clients that are in a namespace.",
		}, []string{"namespace"}),
	}
	// A rate needs the 0 before the first.
	for vec, values := range map[*prometheus.CounterVec]labels{
		c.handshakes: outcomes, c.dropped: drops, c.ends: endings, c.claims: claimed,
	} {
		for value := range values {
			vec.WithLabelValues(value)
		}
	}
	return c
}

func times(name, help string, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: namespace, Name: name, Help: help,
		// From what memory takes to what only a store in trouble does.
		Buckets: prometheus.ExponentialBuckets(10e-6, 4, 10),
	}, labels)
}

func counter(name, help, label string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, []string{label})
}

func (c *Collector) counted() []prometheus.Collector {
	return []prometheus.Collector{
		c.loads, c.saves, c.events, c.waits, c.sizes, c.conflicts,
		c.handshakes, c.refusals, c.left, c.dropped, c.ends, c.claims, c.sockets,
	}
}

// Describe implements [prometheus.Collector].
func (c *Collector) Describe(to chan<- *prometheus.Desc) {
	for _, each := range c.counted() {
		each.Describe(to)
	}
	for _, each := range gauges {
		to <- each.desc
	}
	for _, each := range lineGauges {
		to <- each.desc
	}
}

// Collect implements [prometheus.Collector].
func (c *Collector) Collect(to chan<- prometheus.Metric) {
	for _, each := range c.counted() {
		each.Collect(to)
	}
	c.collectStats(to)
}
