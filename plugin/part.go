package plugin

import "time"

// othersWait is how long the end of a connection waits for namespaces that have yet to
// tell the client why they end. It does not wait longer for their OnInvalid.
const othersWait = 2 * time.Second

// part notes that a socket's client has been told why it must go, and has had its time
// to leave. Then part waits until the connection's other sockets that must go are as
// far: the end of one may end the connection.
func (so *socket) part() {
	so.parted.Close()
	if so.connection == nil {
		return // it never came in
	}
	late := time.NewTimer(othersWait)
	defer late.Stop()
	for _, other := range so.common.registry.socketsOf(so.connection) {
		if other == so || !other.ends() {
			continue
		}
		select {
		case <-other.parted.Done():
		case <-other.left.Done():
		case <-late.C:
			return
		}
	}
}

// ends reports whether a socket's client was refused or expelled, or is about to be.
func (so *socket) ends() bool {
	e, _ := so.owned()
	return so.sentOut.Load() || so.why.Load() != nil || e != nil && e.Known() != nil
}
