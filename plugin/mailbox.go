package plugin

import (
	"sync"
	"time"
)

// mailboxSize is how many jobs may wait for one socket. Further ones are dropped.
const mailboxSize = 256

// A mailbox runs jobs for a socket, one after another, in a goroutine of its own, so
// that nobody waits for them. The goroutine lives while there is a job.
type mailbox struct {
	failures *failures // hears of jobs that panic

	mu    sync.Mutex
	jobs  []func()
	works bool
}

// put adds a job, and reports whether there was room.
func (m *mailbox) put(job func()) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.jobs) == mailboxSize {
		return false
	}
	m.jobs = append(m.jobs, job)
	if !m.works {
		m.works = true
		go m.work() // ends when there is no job left
	}
	return true
}

// drain waits until the jobs that were put so far are done, but for no longer than
// limit.
func (m *mailbox) drain(limit time.Duration) {
	m.mu.Lock()
	works := m.works
	m.mu.Unlock()
	done := make(chan struct{})
	if !works || !m.put(func() { close(done) }) {
		return
	}
	late := time.NewTimer(limit)
	defer late.Stop()
	select {
	case <-done:
	case <-late.C:
	}
}

func (m *mailbox) work() {
	for {
		m.mu.Lock()
		if len(m.jobs) == 0 {
			m.works, m.jobs = false, nil
			m.mu.Unlock()
			return
		}
		job := m.jobs[0]
		m.jobs = m.jobs[1:]
		m.mu.Unlock()
		if err := contain(func() error { job(); return nil }); err != nil {
			m.failures.report(StageMessage, "", err)
		}
	}
}
