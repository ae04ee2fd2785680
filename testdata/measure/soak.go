package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"
)

// What a soak calls flat: what is in use has grown by less than this share over the soak,
// with 95 % certainty. The first share of the samples is left out: until then the heap
// finds its size.
const (
	flatWithin = 0.05
	warmUp     = 0.2
)

// soaked are what is sampled.
var soaked = []string{"node: RSS, MB", "node: heap in use, MB", "node: goroutines", "Redis: memory, MB"}

// showSoak lets clients talk, leave and come back, and shows whether what is in use stays
// the same.
func (n *numbers) showSoak(ctx context.Context) error {
	if n.soaked == 0 || ctx.Err() != nil {
		return nil
	}
	fmt.Printf("%8s  %13s  %15s  %10s  %13s  %6s  %8s  %20s\n",
		"soak, s", "node: RSS, MB", "heap in use, MB", "goroutines", "Redis: memory", "events", "connects", "99 % answered in, ms")
	start, minutes, samples := time.Now(), []float64(nil), make([][]float64, len(soaked))
	last, err := n.clients.tell()
	for err == nil && time.Since(start) < n.soaked && ctx.Err() == nil {
		var t tally
		if t, err = n.clients.churn(n.sampled, n.rate); err != nil {
			break
		}
		var g garbage
		if g, err = n.node.garbage(); err != nil {
			break
		}
		at := time.Since(start)
		minutes = append(minutes, at.Minutes())
		now := []float64{mega(n.node.rss()), mega(int(g.Live)), float64(g.Goroutines), mega(n.redis.memory())} //nolint:gosec // bytes
		for i, x := range now {
			samples[i] = append(samples[i], x)
		}
		fmt.Printf("%8.1f  %13s  %15s  %10.0f  %13s  %6d  %8d  %20s\n",
			at.Seconds(), short(now[0]), short(now[1]), now[2], short(now[3]), t.Answered-last.Answered, t.Came-last.Came, short(millis(t.Slow)))
		last, err = t, n.allThere(t)
	}
	warm := int(warmUp * float64(len(minutes)))
	for i, name := range soaked {
		err = errors.Join(err, judgeSoak(name, minutes[warm:], samples[i][warm:]))
	}
	fmt.Println()
	return err
}

// judgeSoak shows how fast a quantity grows.
func judgeSoak(name string, minutes, values []float64) error {
	if len(values) < 10 {
		return fmt.Errorf("%s: %d samples are too few to tell whether it is flat", name, len(values))
	}
	slope, doubt, mean := trend(minutes, values)
	span := minutes[len(minutes)-1] - minutes[0]
	flat := (slope+doubt)*span < flatWithin*mean
	verdict := "flat"
	if !flat {
		verdict = "not flat"
	}
	fmt.Printf("%s: %s. %s on average, and %+.3f ± %.3f a minute, which is %+.1f ± %.1f %% in %.1f minutes; at most %.0f %% is flat\n",
		name, verdict, short(mean), slope, doubt, 100*slope*span/mean, 100*doubt*span/mean, span, 100*flatWithin)
	if !flat {
		return fmt.Errorf("%s: not flat", name)
	}
	return nil
}

// trend returns the slope of the straight line that fits best, give or take twice its
// standard error, and the mean.
func trend(x, y []float64) (slope, doubt, mean float64) {
	n := float64(len(x))
	var sx, sy, sxx, sxy float64
	for i := range x {
		sx, sy = sx+x[i], sy+y[i]
	}
	mx, my := sx/n, sy/n
	for i := range x {
		sxx, sxy = sxx+(x[i]-mx)*(x[i]-mx), sxy+(x[i]-mx)*(y[i]-my)
	}
	slope = sxy / sxx
	var rest float64
	for i := range x {
		d := y[i] - my - slope*(x[i]-mx)
		rest += d * d
	}
	return slope, 2 * math.Sqrt(rest/(n-2)/sxx), my
}
