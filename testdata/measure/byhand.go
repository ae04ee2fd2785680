package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/alexedwards/scs/redisstore" //nolint:depguard // what apps have by hand
	"github.com/alexedwards/scs/v2"
	socketio "github.com/googollee/go-socket.io"
)

// thinks is how long a handler does something else between its load and its commit, as
// one that asks a database.
const thinks = 5 * time.Millisecond

// withoutPlugin returns what most apps write: a handler takes the token from the handshake and
// loads and commits the session with SCS.
func withoutPlugin(redisAddr string) (http.Handler, error) {
	manager := scs.New()
	manager.Store = redisstore.New(newPool(redisAddr))
	server := socketio.NewServer(nil)
	add := func(wait time.Duration) func(socketio.Conn) int {
		return func(c socketio.Conn) int {
			cookie, err := (&http.Request{Header: c.RemoteHeader()}).Cookie(manager.Cookie.Name)
			if err != nil {
				return -1
			}
			ctx, err := manager.Load(context.Background(), cookie.Value)
			if err != nil {
				return -1
			}
			n := manager.GetInt(ctx, "n") + 1
			time.Sleep(wait)
			manager.Put(ctx, "n", n)
			if _, _, err = manager.Commit(ctx); err != nil {
				return -1
			}
			return n
		}
	}
	server.OnConnect("/", func(socketio.Conn) error { return nil })
	server.OnEvent("/", "update each", add(0))
	server.OnEvent("/", "slow each", add(thinks))
	go func() { _ = server.Serve() }() // until the process ends
	return server, nil
}

// runByHand shows what goes wrong with sessions that handlers load by hand, and that it
// does not with the plugin.
func runByHand(ctx context.Context, _ []string) (err error) {
	folder, err := os.MkdirTemp("", "measure")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	r, err := startRedis(folder)
	if err != nil {
		return err
	}
	defer r.kill()
	for _, name := range []string{"by hand", "with the plugin"} {
		var args []string
		if name == "by hand" {
			args = []string{"-by-hand"}
		}
		node, err := startNode(r.addr, args...)
		if err != nil {
			return err
		}
		err = errors.Join(showIncrements(ctx, r, node, name), showLogouts(ctx, r, node, name))
		node.kill()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// showIncrements lets the sockets of one session count.
func showIncrements(ctx context.Context, r *redisServer, node *process, name string) error {
	const sockets, times = 16, 500
	pages := newPages(r.addr)
	token, err := pages.logIn(ctx)
	if err != nil {
		return err
	}
	done := make(chan error, sockets)
	for range sockets {
		go func() { // ends after its events
			v := &visitor{token: token}
			err := v.connect(node.addr)
			for i, n := 0, 0; i < times && err == nil; i++ {
				if n, err = v.ask("update each"); n < 0 {
					err = errors.New("an increment failed")
				}
			}
			done <- err
		}()
	}
	for range sockets {
		err = errors.Join(err, <-done)
	}
	if err != nil {
		return err
	}
	stored, err := pages.stored(ctx, token)
	fmt.Printf("%s: %d of %d acknowledged increments lost\n", name, sockets*times-stored, sockets*times)
	return err
}

// showLogouts ends sessions while their sockets are in a handler.
func showLogouts(ctx context.Context, r *redisServer, node *process, name string) error {
	const sessions = 500
	pages := newPages(r.addr)
	visitors, err := pages.logInMany(ctx, sessions)
	if err != nil {
		return err
	}
	var back, open atomic.Int64
	err = each(ctx, sessions, func(i int) error {
		v := visitors[i]
		if err := v.connect(node.addr); err != nil {
			return err
		}
		answered := make(chan struct{})
		go func() { _, _ = v.ask("slow each"); close(answered) }() // ends with the answer or the socket
		time.Sleep(thinks / 2)
		if err := pages.logOut(ctx, v.token); err != nil {
			return err
		}
		<-answered
		pause(ctx, time.Second) // a logout may take that long to be heard
		if there, err := r.do("EXISTS", "scs:session:"+v.token); err != nil {
			return err
		} else if there == int64(1) {
			back.Add(1)
		}
		if !v.lost.Load() {
			open.Add(1)
		}
		_ = v.ws.Close()
		return nil
	})
	fmt.Printf("%s: of %d sessions that a page ended during an event, %d were back; the socket of %d stayed\n", name, sessions, back.Load(), open.Load())
	return err
}
