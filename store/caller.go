package store

import (
	"runtime"
	"strings"
)

// An scsMethod is the method of SCS that calls the store. All of them call it in
// the same way, under SCS's lock, so only the stack tells them apart.
type scsMethod int

const (
	callsDestroy scsMethod = iota // or a caller that is not known
	callsRenewToken
	callsMergeSession
)

// scsCaller looks for SCS's method above the store's method that calls scsCaller.
func scsCaller() scsMethod {
	var callers [8]uintptr
	n := runtime.Callers(3, callers[:]) // skips Callers, scsCaller and the store's method
	frames := runtime.CallersFrames(callers[:n])
	for more := true; more; {
		var frame runtime.Frame
		frame, more = frames.Next()
		switch name := frame.Function; {
		case strings.HasSuffix(name, "scs/v2.(*SessionManager).RenewToken"):
			return callsRenewToken
		case strings.HasSuffix(name, "scs/v2.(*SessionManager).MergeSession"):
			return callsMergeSession
		case strings.HasSuffix(name, "scs/v2.(*SessionManager).Destroy"):
			return callsDestroy
		}
	}
	return callsDestroy
}
