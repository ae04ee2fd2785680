package plugin

import (
	"slices"
	"sync"
)

// changes are the keys that a socket's OnChange is yet to be told of. The zero value
// holds none.
type changes struct {
	mu   sync.Mutex
	keys []string // nil if there are none
}

// note adds keys, and reports whether there were none before.
func (c *changes) note(keys []string) (first bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	first = c.keys == nil
	c.keys = append(c.keys, keys...)
	return first
}

// wait reports whether there are keys.
func (c *changes) wait() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.keys != nil
}

// take removes the keys and returns them in order, each once.
func (c *changes) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	keys := c.keys
	c.keys = nil
	slices.Sort(keys)
	return slices.Compact(keys)
}
