package wire

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
)

// waiting is how much waits for all clients of a Wire together: to be sent, to be handled,
// or for its rest to arrive. If it is more than limit, clients that do not take what they
// are sent are dropped. It needs no lock.
type waiting struct {
	limit    int64
	bytes    atomic.Int64
	shedding atomic.Bool // a goroutine drops clients
	shed     func()      // that drops them, and returns when it is enough
}

// add adds n bytes, or takes them away if n is negative.
func (w *waiting) add(n int) {
	if w.bytes.Add(int64(n)) > w.limit && n >= 0 && w.shedding.CompareAndSwap(false, true) {
		go w.shed() // ends as soon as no more waits than may
	}
}

// excess returns how much more waits than may.
func (w *waiting) excess() int64 { return w.bytes.Load() - w.limit }

// hold adds a frame that is to be sent, with all the memory that it keeps. That of a Cast counts once, however many clients
// it waits for.
func (w *waiting) hold(p parcel) {
	n := footprint
	if p.buffer.cast == nil || p.buffer.cast.queues.Add(1) == 1 {
		n += cap(p.buffer.bytes)
	}
	w.add(n)
}

// drop takes a frame away that hold has added.
func (w *waiting) drop(p parcel) {
	n := footprint
	if p.buffer.cast == nil || p.buffer.cast.queues.Add(-1) == 0 {
		n += cap(p.buffer.bytes)
	}
	w.add(-n)
}

// held is the part of waiting that is under way between a client and us: a body, a frame,
// or a message whose attachments are missing. It has its own lock.
type held struct {
	waiting *waiting

	mu    sync.Mutex
	bytes int
	over  bool // the connection has ended
}

// add adds n bytes, or takes them away if n is negative.
func (h *held) add(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.over {
		h.bytes += n
		h.waiting.add(n)
	}
}

func (h *held) size() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.bytes
}

// end takes all away: the connection has ended.
func (h *held) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.over = true
	h.waiting.add(-h.bytes)
}

// readAll reads a body of about the expected size. Its memory counts as held until release
// is called.
func (h *held) readAll(r io.Reader, expected int) (body []byte, release func(), err error) {
	const least, most = 512, 64 << 10 // before anything has come
	body = make([]byte, 0, min(max(least, expected+1), most))
	h.add(cap(body))
	for err == nil {
		if len(body) == cap(body) {
			more := make([]byte, len(body), min(4*cap(body), max(expected+1, cap(body)+most)))
			copy(more, body)
			h.add(cap(more) - cap(body))
			body = more
		}
		var n int
		n, err = r.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return body, func() { h.add(-cap(body)) }, err
}
