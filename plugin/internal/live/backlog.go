package live

import "time"

// Backlog returns how many sessions hold changes that are not saved yet, and for how long
// the oldest of them has waited. What goroutines put between handlers counts from when it
// is collected.
func (b *Book) Backlog() (sessions int, oldest time.Duration) {
	now := time.Now()
	for _, e := range b.all() {
		if since, ok := e.draft.waits(); ok {
			sessions++
			oldest = max(oldest, now.Sub(since))
		}
	}
	return sessions, oldest
}
