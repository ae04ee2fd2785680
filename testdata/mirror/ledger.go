package main

import (
	"bufio"
	"bytes"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"sync"
)

// A ledger counts who has come and gone, and what the transports answered.
type ledger struct {
	mu          sync.Mutex
	connects    map[string]int // by namespace
	disconnects map[string]int
	answers     map[string]int // by status, of requests under the resource path
	handshakes  int
}

func (l *ledger) entered(namespace string) { l.count(&l.connects, namespace) }
func (l *ledger) left(namespace string)    { l.count(&l.disconnects, namespace) }

func (l *ledger) count(in *map[string]int, key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if *in == nil {
		*in = make(map[string]int)
	}
	(*in)[key]++
}

// watch counts the requests to next, and how they are answered.
func (l *ledger) watch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("sid") == "" {
			l.mu.Lock()
			l.handshakes++
			l.mu.Unlock()
		}
		seen := &witness{ResponseWriter: w}
		next.ServeHTTP(seen, r)
		if seen.status != 0 {
			l.count(&l.answers, strconv.Itoa(seen.status))
		}
	})
}

func (l *ledger) stats() map[string]any {
	l.mu.Lock()
	defer l.mu.Unlock()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return map[string]any{
		"goroutines":  runtime.NumGoroutine(),
		"connects":    maps.Clone(l.connects),
		"disconnects": maps.Clone(l.disconnects),
		"answers":     maps.Clone(l.answers),
		"handshakes":  l.handshakes,
		"heap":        memory.HeapAlloc,
		"rss":         rss(),
	}
}

// rss returns the memory of the process that is not swapped out, in bytes.
func rss() int {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, resident int
	if _, err := fmt.Fscan(bytes.NewReader(b), &size, &resident); err != nil {
		return 0
	}
	return resident * os.Getpagesize()
}

// A witness remembers the status of an answer; 0 when the connection was taken
// over.
type witness struct {
	http.ResponseWriter
	status int
}

func (w *witness) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *witness) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

func (w *witness) Flush() { _ = http.NewResponseController(w.ResponseWriter).Flush() }

func (w *witness) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *witness) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(w.ResponseWriter).Hijack()
}
