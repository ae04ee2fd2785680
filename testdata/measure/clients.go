package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// clients are many, in homes: processes of their own with an address each, so that neither
// files nor ports run out, and what they take is not the node's.
type clients struct {
	homes []*outpost
	all   int
}

// An outpost is a home, seen from here.
type outpost struct {
	*process
	orders  *json.Encoder
	answers *json.Decoder
}

// startClients starts homes for clients of nodes. They end with ctx, or with this process.
func startClients(ctx context.Context, homes int, nodes []string, args ...string) (*clients, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &clients{}
	for i := range homes {
		args := append([]string{"home", "-from", fmt.Sprintf("127.0.0.%d", 2+i)}, args...)
		p := &process{cmd: exec.Command(program, append(args, nodes...)...)} //nolint:gosec // the arguments are ours
		p.cmd.Stderr = os.Stderr
		in, err := p.cmd.StdinPipe()
		if err != nil {
			return c, err
		}
		out, err := p.cmd.StdoutPipe()
		if err != nil {
			return c, err
		}
		if err := p.cmd.Start(); err != nil {
			return c, err
		}
		c.homes = append(c.homes, &outpost{p, json.NewEncoder(in), json.NewDecoder(out)})
		context.AfterFunc(ctx, func() { p.signal(syscall.SIGKILL) })
	}
	return c, nil
}

func (c *clients) kill() {
	for _, h := range c.homes {
		h.kill()
	}
}

// come lets clients connect, and returns when all have.
func (c *clients) come(tokens []string) (tally, error) {
	c.all += len(tokens)
	return c.order(func(i int) (o order) {
		for j := i; j < len(tokens); j += len(c.homes) {
			o.Come = append(o.Come, tokens[j])
		}
		return o
	})
}

// churn has clients leave and come back for a while: so many a second, or as fast as they
// can where that is 0.
func (c *clients) churn(d time.Duration, rate float64) (tally, error) {
	o := order{Churn: d}
	if rate > 0 {
		o.Each = time.Duration(float64(time.Second) / rate * float64(len(c.homes)))
	}
	return c.order(func(int) order { return o })
}

// tell returns what has become of them.
func (c *clients) tell() (tally, error) { return c.order(func(int) (o order) { return o }) }

// order gives each home an order, and sums up the answers; of times it returns the longest.
func (c *clients) order(of func(i int) order) (sum tally, err error) {
	var mu sync.Mutex
	var all sync.WaitGroup
	for i, h := range c.homes {
		all.Go(func() {
			var t tally
			failed := h.orders.Encode(of(i))
			if failed == nil {
				failed = h.answers.Decode(&t)
			}
			mu.Lock()
			defer mu.Unlock()
			if failed != nil {
				err = fmt.Errorf("clients: %w", failed)
			}
			sum = sum.plus(t)
		})
	}
	all.Wait()
	return sum, err
}

func (t tally) plus(o tally) tally {
	return tally{
		t.Open + o.Open, t.Came + o.Came, t.Failed + o.Failed, t.Lost + o.Lost,
		t.Answered + o.Answered, t.Unanswered + o.Unanswered,
		max(t.Median, o.Median), max(t.Slow, o.Slow), max(t.Slower, o.Slower),
	}
}

// cpu returns the CPU time that all of them have used.
func (c *clients) cpu() (sum time.Duration) {
	for _, h := range c.homes {
		sum += h.cpu()
	}
	return sum
}
