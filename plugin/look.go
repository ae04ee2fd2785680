package plugin

import (
	"time"

	socketio "github.com/googollee/go-socket.io"
)

// A look finds the members of rooms that came and went without the Join and Leave of a
// connection of ours: by server.JoinRoom, ClearRoom and so on, or in a handler that is
// registered on the server. go-socket.io has no hook for that.
type look struct {
	server     *socketio.Server
	registry   *registry
	namespaces map[string]*hook
}

const (
	// lookPause is the time between two looks at a namespace where rooms are used.
	lookPause = time.Second

	// lookSeldom is how many pauses lie between looks at the others.
	lookSeldom = 10
)

// run looks until done closes.
func (l *look) run(done <-chan struct{}) {
	tick := time.NewTicker(lookPause)
	defer tick.Stop()
	for n := 1; ; n++ {
		select {
		case <-done:
			return
		case <-tick.C:
		}
		for _, h := range l.namespaces {
			if n%lookSeldom == 0 || h.rooms.isUsed() {
				l.at(h.namespace)
			}
		}
	}
}

// at looks at a namespace.
func (l *look) at(n *namespace) {
	left := n.rooms.watch()
	defer n.rooms.unwatch()
	for _, name := range l.server.Rooms(n.name) {
		delete(left, name)
		if l.registry.connection(name) != nil {
			continue // go-socket.io gives each connection a room of its own
		}
		var found []*socket
		l.server.ForEach(n.name, name, func(c socketio.Conn) {
			if so := l.registry.find(c.ID(), n); so != nil {
				found = append(found, so)
			}
		})
		n.rooms.correct(name, found)
	}
	for name := range left {
		n.rooms.correct(name, nil) // it is empty
	}
}

// isUsed reports whether the namespace uses rooms.
func (r *rooms) isUsed() bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.used
}

// watch returns the names of the rooms, and notes from then on which of them change.
func (r *rooms) watch() map[string]struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.changed = make(map[string]struct{})
	names := make(map[string]struct{}, len(r.byName))
	for name := range r.byName {
		names[name] = struct{}{}
	}
	return names
}

func (r *rooms) unwatch() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.changed = nil
}

// correct makes the found sockets the members of a room, unless it has changed since
// watch.
func (r *rooms) correct(name string, found []*socket) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.changed[name]; ok {
		return
	}
	in := r.byName[name]
	missing := make(map[*socket]struct{})
	if in != nil {
		for so := range in.members {
			missing[so] = struct{}{}
		}
	}
	for _, so := range found {
		if _, here := missing[so]; !here {
			r.used = true
			r.joinLocked(so, name)
		}
		delete(missing, so)
	}
	for so := range missing {
		r.leaveLocked(so, name)
	}
}
