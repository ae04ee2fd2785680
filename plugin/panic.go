package plugin

import (
	"fmt"
	"runtime/debug"
)

// A Panic is the error that Options.OnError hears of when a handler panicked.
// Find it with errors.As to log the stack.
type Panic struct {
	Value any    // what the handler panicked with
	Stack []byte // as debug.Stack returns it
}

// Error implements error. It leaves out the stack.
func (p *Panic) Error() string { return fmt.Sprintf("panic: %v", p.Value) }

// contain turns a panic in f into an error.
func contain(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &Panic{Value: p, Stack: debug.Stack()}
		}
	}()
	return f()
}
