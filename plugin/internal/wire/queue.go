package wire

// A queue is first in, first out. The zero value is empty.
type queue[T any] struct {
	items []T
	head  int
}

func (q *queue[T]) push(item T) { q.items = append(q.items, item) }

// last returns the newest item. The queue must not be empty.
func (q *queue[T]) last() *T { return &q.items[len(q.items)-1] }

func (q *queue[T]) len() int { return len(q.items) - q.head }

// pop returns the oldest item. ok is false when the queue is empty.
func (q *queue[T]) pop() (item T, ok bool) {
	if q.len() == 0 {
		return item, false
	}
	var none T
	item, q.items[q.head] = q.items[q.head], none
	q.head++
	switch {
	case q.head == len(q.items):
		q.items, q.head = q.items[:0], 0
		if cap(q.items) > 64 {
			q.items = nil // give back the memory of a long queue
		}
	case q.head >= 64 && q.head*2 >= len(q.items):
		// Move the items to the start, so that a queue that is never empty does not grow.
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	return item, true
}
