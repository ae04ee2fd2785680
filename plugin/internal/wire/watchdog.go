package wire

import "time"

// A watchdog ends a connection if the app's own OnConnect of the root does not return
// within PingTimeout. go-socket.io reads and writes nothing until OnConnect returns,
// so an Emit in it would wait for ever, and keep the connection. The connection's mu
// guards the watchdog.
type watchdog struct {
	timer *time.Timer // nil unless OnConnect runs
}

func (w *watchdog) start(d time.Duration, bark func()) { w.timer = time.AfterFunc(d, bark) }

// stop notes that OnConnect has returned, or was not called.
func (w *watchdog) stop() {
	if w.timer != nil {
		w.timer.Stop()
		w.timer = nil
	}
}
