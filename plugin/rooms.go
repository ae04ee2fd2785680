package plugin

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// rooms are who is in a namespace of this process, and in which of its rooms.
// go-socket.io has the rooms too, but behind a lock that a broadcast to a client that
// does not read can hold for long. While a room has members, its topic is heard. A rooms
// has its own lock; under it only the listener is called, which waits for nobody.
type rooms struct {
	namespace string
	topic     string // of everyone
	post      *post

	mu     sync.RWMutex
	all    room
	byName map[string]*room
	of     map[*socket][]string // the names of the rooms that a socket is in
	used   bool                 // somebody has asked for a room here

	changed map[string]struct{} // the rooms that have changed since a look began; nil between looks
}

func newRooms(namespace string, post *post) *rooms {
	return &rooms{namespace: namespace, topic: Everyone().topic(namespace), post: post}
}

// A room is a set of sockets. Its owner guards it.
type room struct {
	members map[*socket]struct{}
	list    []*socket // of the members; nil until somebody asks. It is not changed.
}

func (r *room) add(so *socket) bool {
	if _, ok := r.members[so]; ok {
		return false
	}
	if r.members == nil {
		r.members = make(map[*socket]struct{})
	}
	r.members[so], r.list = struct{}{}, nil
	return true
}

func (r *room) remove(so *socket) bool {
	if _, ok := r.members[so]; !ok {
		return false
	}
	delete(r.members, so)
	r.list = nil
	return true
}

// enter notes that a socket is in the namespace.
func (r *rooms) enter(so *socket) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !so.left.IsClosed() && r.all.add(so) {
		r.post.hear().Join(r.topic)
	}
}

// exit removes a socket that has left the namespace.
func (r *rooms) exit(so *socket) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.all.remove(so) {
		return
	}
	r.post.hear().Leave(r.topic)
	for _, name := range r.of[so] {
		r.removeLocked(so, name)
	}
	delete(r.of, so)
}

// joinWait is how long a Join waits until this node hears of its room.
const joinWait = time.Second

// join adds a socket to a room. It waits until other nodes are heard there, if this is
// its first member on this one. A socket that has left the namespace joins nothing.
func (r *rooms) join(so *socket, name string) {
	r.mu.Lock()
	r.used = true
	first := r.joinLocked(so, name)
	r.mu.Unlock()
	if first {
		r.post.hear().Await(Room(name).topic(r.namespace), joinWait)
	}
}

// joinLocked reports whether the room had no members.
func (r *rooms) joinLocked(so *socket, name string) (first bool) {
	if _, here := r.all.members[so]; !here {
		return false
	}
	in := r.byName[name]
	if in == nil {
		if r.byName == nil {
			r.byName, r.of = make(map[string]*room), make(map[*socket][]string)
		}
		in = new(room)
		r.byName[name] = in
	}
	r.noteLocked(name)
	if !in.add(so) {
		return false
	}
	r.of[so] = append(r.of[so], name)
	return r.post.hear().Join(Room(name).topic(r.namespace))
}

// noteLocked notes that a room changes.
func (r *rooms) noteLocked(name string) {
	if r.changed != nil {
		r.changed[name] = struct{}{}
	}
}

// leave removes a socket from a room.
func (r *rooms) leave(so *socket, name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leaveLocked(so, name)
}

// leaveAll removes a socket from every room.
func (r *rooms) leaveAll(so *socket) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, name := range slices.Clone(r.of[so]) {
		r.leaveLocked(so, name)
	}
}

func (r *rooms) leaveLocked(so *socket, name string) {
	names := r.of[so]
	if !slices.Contains(names, name) {
		return
	}
	r.removeLocked(so, name)
	names = slices.DeleteFunc(names, func(other string) bool { return other == name })
	if r.of[so] = names; len(names) == 0 {
		delete(r.of, so)
	}
}

// removeLocked removes a member from a room.
func (r *rooms) removeLocked(so *socket, name string) {
	in := r.byName[name]
	r.noteLocked(name)
	in.remove(so)
	r.post.hear().Leave(Room(name).topic(r.namespace))
	if len(in.members) == 0 {
		delete(r.byName, name)
	}
}

// everyone returns the sockets of the namespace. Do not change the list.
func (r *rooms) everyone() []*socket {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all.sockets()
}

// members returns the sockets in a room. Do not change the list.
func (r *rooms) members(name string) []*socket {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.used = true
	if in := r.byName[name]; in != nil {
		return in.sockets()
	}
	return nil
}

func (r *room) sockets() []*socket {
	if r.list == nil && len(r.members) > 0 {
		r.list = slices.AppendSeq(make([]*socket, 0, len(r.members)), maps.Keys(r.members))
	}
	return r.list
}
