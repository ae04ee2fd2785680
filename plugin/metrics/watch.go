package metrics

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// A Source says what it has at the moment: a [plugin.Sessions].
type Source interface{ Stats() plugin.Stats }

// Watch makes the Collector ask a source at each scrape, for the gauges. Without it they
// are missing. With several sources it reports sums, the greatest age, and a line as up
// only if all are.
func (c *Collector) Watch(sources ...Source) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.watched = append(c.watched, sources...)
}

// A gauge is one metric of Stats.
type gauge[Of any] struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	read func(Of) float64
}

var gauges = []gauge[plugin.Stats]{
	gaugeOf("connections", "Clients that are connected.", func(s plugin.Stats) float64 { return float64(s.Connections) }),
	gaugeOf("anonymous_connections", "Clients that are connected without a session.", func(s plugin.Stats) float64 { return float64(s.Anonymous) }),
	gaugeOf("draining", "1 when the node drains or closes.", func(s plugin.Stats) float64 { return number(s.Draining) }),
	gaugeOf("held", "Sessions in memory.", func(s plugin.Stats) float64 { return float64(s.Sessions) }),
	gaugeOf("unsaved", "Sessions with changes that the store does not have yet.", func(s plugin.Stats) float64 { return float64(s.Unsaved) }),
	gaugeOf("unsaved_oldest_seconds", "For how long the oldest change that is not saved has waited.", func(s plugin.Stats) float64 { return s.OldestUnsaved.Seconds() }),
	gaugeOf("store_failing", "1 when the store has failed since it last answered.", func(s plugin.Stats) float64 { return number(s.StoreFailing) }),
	gaugeOf("waiting_bytes", "What waits for all clients together.", func(s plugin.Stats) float64 { return float64(s.WaitingBytes) }),
	gaugeOf("waiting_limit_bytes", "How much may wait for all clients together.", func(s plugin.Stats) float64 { return float64(s.MaxWaitingBytes) }),
}

// lineGauges are those of a line to other nodes.
var lineGauges = []gauge[store.LineState]{
	gaugeOf("line_up", "1 when the line to other nodes hears all that it has joined.", func(l store.LineState) float64 { return number(l.Up) }, "line"),
	gaugeOf("line_joined", "Sessions and topics that the line to other nodes hears.", func(l store.LineState) float64 { return float64(l.Joined) }, "line"),
	asCounter(gaugeOf("line_missed_total", "How often the line to other nodes was cut off, so that anything may have been missed.", func(l store.LineState) float64 { return float64(l.Missed) }, "line")),
}

func gaugeOf[Of any](name, help string, read func(Of) float64, labels ...string) gauge[Of] {
	desc := prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, labels, nil)
	return gauge[Of]{desc, prometheus.GaugeValue, read}
}

func asCounter[Of any](g gauge[Of]) gauge[Of] {
	g.kind = prometheus.CounterValue
	return g
}

func (g gauge[Of]) collect(to chan<- prometheus.Metric, of Of, labels ...string) {
	to <- prometheus.MustNewConstMetric(g.desc, g.kind, g.read(of), labels...)
}

func number(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

func (c *Collector) collectStats(to chan<- prometheus.Metric) {
	c.mu.Lock()
	watched := slices.Clone(c.watched)
	c.mu.Unlock()
	if len(watched) == 0 {
		return
	}
	now := watched[0].Stats()
	for _, source := range watched[1:] {
		now = both(now, source.Stats())
	}
	for _, each := range gauges {
		each.collect(to, now)
	}
	for name, line := range map[string]*store.LineState{"notes": now.Notes, "messages": now.Messages} {
		if line == nil {
			continue
		}
		for _, each := range lineGauges {
			each.collect(to, *line, name)
		}
	}
}

// both returns what two sources have together.
func both(a, b plugin.Stats) plugin.Stats {
	return plugin.Stats{
		Connections:     a.Connections + b.Connections,
		Anonymous:       a.Anonymous + b.Anonymous,
		Draining:        a.Draining || b.Draining,
		Sessions:        a.Sessions + b.Sessions,
		Unsaved:         a.Unsaved + b.Unsaved,
		OldestUnsaved:   max(a.OldestUnsaved, b.OldestUnsaved),
		StoreFailing:    a.StoreFailing || b.StoreFailing,
		WaitingBytes:    a.WaitingBytes + b.WaitingBytes,
		MaxWaitingBytes: a.MaxWaitingBytes + b.MaxWaitingBytes,
		Notes:           bothLines(a.Notes, b.Notes),
		Messages:        bothLines(a.Messages, b.Messages),
	}
}

func bothLines(a, b *store.LineState) *store.LineState {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return &store.LineState{Up: a.Up && b.Up, Joined: a.Joined + b.Joined, Missed: a.Missed + b.Missed}
}
