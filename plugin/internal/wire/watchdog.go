package wire

import "time"

// A watchdog ends a connection whose OnConnect of the root, one of the app's on
// the server itself, does not return. go-socket.io writes and reads nothing until
// it does, and an Emit there waits for just that. go-socket.io has no way out but
// to close the connection, so that is what it gets when the time for a ping is
// over: without, it would stay for ever. It is guarded by its connection's mu.
type watchdog struct {
	timer *time.Timer // nil when no handler runs
}

func (w *watchdog) start(d time.Duration, bark func()) { w.timer = time.AfterFunc(d, bark) }

// stop notes that the handler has returned, or was never called.
func (w *watchdog) stop() {
	if w.timer != nil {
		w.timer.Stop()
		w.timer = nil
	}
}
