package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"time"
)

// A home is a process in which clients live: one may not open files enough for all.
type home struct {
	nodes []string // the first that answers is used
	from  net.IP
	every time.Duration // between two events of one client
	event string
	slots chan struct{} // how many connect at once
	leave chan struct{} // who takes one closes its socket and opens another

	mu    sync.Mutex
	tally tally
	took  []time.Duration // answered events, since the last tally
}

// An order is what the clients of a home are to do. It is answered with a tally when they
// have done it.
type order struct {
	Come  []string      // connect, with these tokens; every second talks
	Churn time.Duration // for so long, close sockets and open others,
	Each  time.Duration // one in such a time; 0: as fast as can be
}

// A tally is what has become of the clients of a home.
type tally struct {
	Open, Came, Failed   int           // sockets; connects and attempts so far
	Lost                 int           // sockets that ended, and should not
	Answered, Unanswered int           // events
	Median, Slow, Slower time.Duration // half, 99 % and all of the events since the last tally were answered within
}

// runHome obeys the orders on its standard input, and ends with that.
func runHome(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("home", flag.ExitOnError)
	from := flags.String("from", "", "the clients' `address`")
	every := flags.Duration("every", 10*time.Second, "between two events of a client that talks")
	event := flags.String("event", "write", "what they send")
	atOnce := flags.Int("at-once", 32, "how many connect at once")
	_ = flags.Parse(args)
	h := &home{
		nodes: flags.Args(), from: net.ParseIP(*from), every: *every, event: *event,
		slots: make(chan struct{}, *atOnce), leave: make(chan struct{}),
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	orders, answers := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var o order
		if err := orders.Decode(&o); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		h.come(ctx, o.Come)
		h.churn(ctx, o.Churn, o.Each)
		if err := answers.Encode(h.tell()); err != nil {
			return err
		}
	}
}

// come lets clients connect, and returns when all have.
func (h *home) come(ctx context.Context, tokens []string) {
	for i, token := range tokens {
		c := &client{home: h, talks: i%2 == 0, visitor: visitor{token: token, from: h.from, waits: waitsFor}}
		h.slots <- struct{}{}
		go c.run(ctx) // ends with the process
	}
	h.idle(ctx)
}

// churn has clients leave and come back for a while, one each time that each has passed.
func (h *home) churn(ctx context.Context, d, each time.Duration) {
	if d == 0 {
		return
	}
	end := time.After(d)
	tick := time.NewTicker(max(each, time.Microsecond))
	defer tick.Stop()
	for {
		select {
		case <-end:
			h.idle(ctx)
			return
		case h.slots <- struct{}{}:
		}
		if each > 0 {
			<-tick.C
		}
		select {
		case h.leave <- struct{}{}: // the slot is the client's now
		case <-end:
			<-h.slots
			return
		}
	}
}

// idle waits until nobody connects.
func (h *home) idle(ctx context.Context) {
	for len(h.slots) > 0 && ctx.Err() == nil {
		pause(ctx, time.Millisecond)
	}
}

func (h *home) count(change func(*tally)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change(&h.tally)
}

func (h *home) tell() tally {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.tally
	if n := len(h.took); n > 0 {
		slices.Sort(h.took)
		t.Median, t.Slow, t.Slower = h.took[n/2], h.took[n*99/100], h.took[n-1]
	}
	h.took = nil
	return t
}
