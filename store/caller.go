package store

import (
	"runtime"
	"strings"
)

// cause is why SCS deletes a session. It calls the store in the same way for
// all of them, under its own lock, so that only the stack tells.
type cause int

const (
	causeDestroy cause = iota // Destroy, or a caller unknown
	causeRenew                // RenewToken
	causeMerge                // MergeSession
)

// callCause looks for the SCS method among the callers of the store's method
// that calls it.
func callCause() cause {
	var callers [8]uintptr
	n := runtime.Callers(3, callers[:]) // skip Callers, callCause and its caller
	frames := runtime.CallersFrames(callers[:n])
	for more := true; more; {
		var frame runtime.Frame
		frame, more = frames.Next()
		switch name := frame.Function; {
		case strings.HasSuffix(name, "scs/v2.(*SessionManager).RenewToken"):
			return causeRenew
		case strings.HasSuffix(name, "scs/v2.(*SessionManager).MergeSession"):
			return causeMerge
		case strings.HasSuffix(name, "scs/v2.(*SessionManager).Destroy"):
			return causeDestroy
		}
	}
	return causeDestroy
}
