package plugin

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/wire"
)

// An override finds out whether an app has registered handlers on the server in place of
// those that a gate has registered for a namespace.
type override struct {
	namespace string
	mistakes  *mistakes

	connects, disconnects atomic.Bool // ours was called
	told, first           sync.Once
}

// connected notes that our OnConnect runs.
func (o *override) connected() { raise(&o.connects) }

// disconnected notes that our OnDisconnect runs.
func (o *override) disconnected() { raise(&o.disconnects) }

// raise sets a flag. Most calls only read it: many cores do.
func raise(flag *atomic.Bool) {
	if !flag.Load() {
		flag.Store(true)
	}
}

// departWait is how long OnDisconnect may be called after the end of a connection.
// go-socket.io sees that only when the handler that runs has returned.
const departWait = time.Second

// check is called when a client asks for the namespace, after OnConnect. Of the first
// client it looks at the end, too.
func (o *override) check(c *wire.Conn) {
	if !o.connects.Load() {
		o.told.Do(func() { o.mistakes.noticeOverridden(o.namespace, "OnConnect") })
	}
	o.first.Do(func() {
		go func() { // ends with the connection, and its last handler
			<-c.Done()
			for ended := false; !ended; time.Sleep(departWait) {
				ended = c.IsShut()
			}
			if !o.disconnects.Load() {
				o.mistakes.noticeOverridden(o.namespace, "OnDisconnect")
			}
		}()
	})
}
