package metrics

import (
	"context"
	"errors"
	"time"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

// Observer returns what to give to plugin.Options.
func (c *Collector) Observer() plugin.Observer {
	return plugin.Observer{
		Loaded: func(_ context.Context, took time.Duration, err error) {
			c.loads.WithLabelValues(result(err)).Observe(took.Seconds())
		},
		Saved: func(_ context.Context, took time.Duration, err error) {
			c.saves.WithLabelValues(resultOfSave(err)).Observe(took.Seconds())
		},
		Sized:      func(_ context.Context, bytes int) { c.sizes.Observe(float64(bytes)) },
		Conflicted: func(context.Context) { c.conflicts.Inc() },
		Handled: func(_ context.Context, namespace, event string, took time.Duration, err error) {
			c.events.WithLabelValues(namespace, event, resultOfEvent(err)).Observe(took.Seconds())
		},
		Waited: func(_ context.Context, namespace string, took time.Duration) {
			c.waits.WithLabelValues(namespace).Observe(took.Seconds())
		},
		Arrived: func(_ context.Context, outcome string) { c.handshakes.WithLabelValues(outcomes.bound(outcome)).Inc() },
		Entered: func(_ context.Context, namespace string) { c.sockets.WithLabelValues(namespace).Inc() },
		Left: func(_ context.Context, namespace, reason string) {
			c.sockets.WithLabelValues(namespace).Dec()
			c.left.WithLabelValues(reasons.bound(reason)).Inc()
		},
		Refused: func(_ context.Context, code string) { c.refusals.WithLabelValues(codes.bound(code)).Inc() },
		Dropped: func(_ context.Context, why string) { c.dropped.WithLabelValues(drops.bound(why)).Inc() },
		Ended:   func(_ context.Context, code string) { c.ends.WithLabelValues(endings.bound(code)).Inc() },
		Claimed: func(_ context.Context, outcome string) { c.claims.WithLabelValues(claimed.bound(outcome)).Inc() },
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

func resultOfEvent(err error) string {
	if why := (*plugin.Refusal)(nil); errors.As(err, &why) && why != nil && why.Code == plugin.CodeBusy {
		return plugin.CodeBusy
	}
	return result(err)
}
