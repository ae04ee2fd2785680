package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"

	"github.com/gomodule/redigo/redis"

	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
)

// A crowd is many visitors of one demo.
type crowd struct {
	redis    *redisServer
	demo     *process
	visitors []*visitor
	next     int // the visitor that logs out next
	ours     int // commands that a fault has sent itself
}

// The bounds that each fault must keep.
const (
	maxPerSession = 2.5 // commands
	quietWithin   = 3 * time.Second
	logoutWithin  = time.Second
	watched       = 8 * time.Second // after a fault
	idleFor       = 30 * time.Second
	maxIdleRate   = 0.02 // commands a second and session
)

// showCrowd shows what faults cost a node with many sessions.
func showCrowd(ctx context.Context, r *redisServer, program string, sockets int) error {
	demo, err := startDemo(program, r.addr)
	if err != nil {
		return err
	}
	defer demo.kill()
	c := &crowd{redis: r, demo: demo}
	if err := c.gather(ctx, sockets); err != nil {
		return err
	}
	beating, stop := context.WithCancel(ctx)
	defer stop()
	go c.beat(beating) // ends with showCrowd
	fmt.Printf("%d sockets, each with a session; the demo takes %d MB\n", sockets, demo.rss())
	broken := c.idle()
	for _, fault := range []struct {
		name  string
		cause func() (back time.Time, err error)
	}{
		{"pub/sub killed", c.killPubSub},
		{"Redis restarted with its data", c.restart},
		{"5,000 notes at once", c.burst},
		{"Redis stopped for 10 s", c.stall},
	} {
		broken = errors.Join(broken, c.show(fault.name, fault.cause))
	}
	fmt.Printf("the demo takes %d MB at the end\n", demo.rss())
	return broken
}

// gather lets visitors come, a few at a time.
func (c *crowd) gather(ctx context.Context, n int) error {
	var mu sync.Mutex
	var all sync.WaitGroup
	var failed error
	coming := make(chan struct{}, 8)
	for range n {
		coming <- struct{}{}
		all.Go(func() {
			defer func() { <-coming }()
			v, err := visit(c.demo.addr)
			if err == nil {
				err = v.connect()
			}
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failed = err
				return
			}
			c.visitors = append(c.visitors, v)
		})
		if ctx.Err() != nil {
			break
		}
	}
	all.Wait()
	return errors.Join(failed, ctx.Err())
}

// beat keeps all sockets alive.
func (c *crowd) beat(ctx context.Context) {
	tick := time.NewTicker(15 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			for _, v := range c.visitors {
				v.beat()
			}
		}
	}
}

func (c *crowd) lost() (n int) {
	for _, v := range c.visitors {
		if v.lost.Load() {
			n++
		}
	}
	return n
}

// idle shows what a crowd costs that does nothing.
func (c *crowd) idle() error {
	before, cpu := c.redis.commands(), c.demo.cpu()
	time.Sleep(idleFor)
	rate := float64(c.redis.commands()-before) / idleFor.Seconds() / float64(len(c.visitors))
	fmt.Printf("idle: %.5f commands a second and session, %v CPU in %v\n", rate, c.demo.cpu()-cpu, idleFor)
	if rate > maxIdleRate {
		return fmt.Errorf("idle: %.3f commands a second and session", rate)
	}
	return nil
}

// show brings a fault about, and shows what it costs from when it is over.
func (c *crowd) show(name string, cause func() (time.Time, error)) error {
	lost, cpu, before := c.lost(), c.demo.cpu(), c.redis.commands()
	back, err := cause()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if now := c.redis.commands(); now < before {
		before = 0 // it is another process
	}
	quiet := c.untilQuiet(back)
	sent := c.redis.commands() - before - c.ours
	c.ours = 0
	perSession := float64(sent) / float64(len(c.visitors))
	logout, err := c.logOut()
	gone := c.lost() - lost - 1
	fmt.Printf("%s: quiet after %v, %d commands (%.2f a session), %v CPU, a logout took %v, %d other sockets lost\n",
		name, quiet.Round(10*time.Millisecond), sent, perSession, c.demo.cpu()-cpu, logout.Round(time.Millisecond), gone)
	if err != nil || quiet > quietWithin || perSession > maxPerSession || logout > logoutWithin || gone != 0 {
		return errors.Join(fmt.Errorf("%s: a bound is broken", name), err)
	}
	return nil
}

// untilQuiet watches the crowd, and returns how long after a moment the last second
// began in which it asked something of Redis.
func (c *crowd) untilQuiet(from time.Time) (quiet time.Duration) {
	const step = 100 * time.Millisecond
	busy := max(20, len(c.visitors)/1000) // more commands in a step than a crowd at rest sends
	last := c.redis.commands()
	for time.Since(from) < watched {
		time.Sleep(step)
		now := c.redis.commands()
		if now-last > busy {
			quiet = time.Since(from)
		}
		last = now
	}
	return quiet
}

// logOut ends one session, and returns how long its socket takes to hear of it.
func (c *crowd) logOut() (time.Duration, error) {
	v := c.visitors[c.next]
	c.next++
	start := time.Now()
	if err := v.logout(); err != nil {
		return 0, err
	}
	err := within(10*time.Second, "the socket ends", v.lost.Load)
	return time.Since(start), err
}

func (c *crowd) killPubSub() (time.Time, error) {
	_, err := c.redis.do("CLIENT", "KILL", "TYPE", "pubsub")
	return time.Now(), err
}

func (c *crowd) restart() (time.Time, error) {
	c.redis.kill()
	err := c.redis.again()
	return time.Now(), err
}

func (c *crowd) stall() (time.Time, error) {
	c.redis.signal(syscall.SIGSTOP)
	time.Sleep(10 * time.Second)
	c.redis.signal(syscall.SIGCONT)
	return time.Now(), nil
}

// burst tells of changes of many sessions, as another node does.
func (c *crowd) burst() (time.Time, error) {
	pool := &redis.Pool{MaxIdle: 8, Dial: func() (redis.Conn, error) { return redis.Dial("tcp", c.redis.addr) }}
	defer pool.Close()
	other := redisstore.New(pool)
	several := c.visitors[len(c.visitors)-min(5000, len(c.visitors)/2):]
	for _, v := range several {
		note := store.Note{From: "another", Event: store.Event{ID: store.ID(v.token()), Kind: store.Changed}}
		if err := other.Say(context.Background(), note); err != nil {
			return time.Now(), err
		}
	}
	c.ours = len(several)
	return time.Now(), nil
}
