package plugin

import (
	"fmt"
	"runtime/debug"
)

// A Panic is the error of a handler that panicked. Options.OnError hears of it; find it
// with errors.As to log the stack.
type Panic struct {
	Value any    // what the handler panicked with
	Stack []byte // as debug.Stack returns it
}

// Error implements error. The text does not hold the stack.
func (p *Panic) Error() string { return fmt.Sprintf("panic: %v", p.Value) }

// contain calls f, and turns its panic into an error.
func contain(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &Panic{Value: p, Stack: debug.Stack()}
		}
	}()
	return f()
}
