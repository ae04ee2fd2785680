package plugin

import (
	"sync"
	"time"
)

// mailboxSize is how much may wait for one socket; what comes on top is
// dropped.
const mailboxSize = 256

// A mailbox is what a goroutine of its own does for a socket, one thing after
// another, so that nobody waits for it. The goroutine lives while there is
// something to do. The zero value is empty.
type mailbox struct {
	mu    sync.Mutex
	todo  []func()
	works bool
}

// put adds something to do, and tells whether there was room.
func (m *mailbox) put(s *Sessions, f func()) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.todo) == mailboxSize {
		return false
	}
	m.todo = append(m.todo, f)
	if !m.works {
		m.works = true
		go m.work(s) // ends when there is nothing left to do
	}
	return true
}

// settle waits until what was put so far is done, but not for longer than limit.
func (m *mailbox) settle(s *Sessions, limit time.Duration) {
	m.mu.Lock()
	works := m.works
	m.mu.Unlock()
	done := make(chan struct{})
	if !works || !m.put(s, func() { close(done) }) {
		return
	}
	late := time.NewTimer(limit)
	defer late.Stop()
	select {
	case <-done:
	case <-late.C:
	}
}

func (m *mailbox) work(s *Sessions) {
	for {
		m.mu.Lock()
		if len(m.todo) == 0 {
			m.works, m.todo = false, nil
			m.mu.Unlock()
			return
		}
		f := m.todo[0]
		m.todo = m.todo[1:]
		m.mu.Unlock()
		if err := contain(func() error { f(); return nil }); err != nil {
			s.report(StageMessage, "", err)
		}
	}
}
