package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/latch"
	"github.com/socketio-sessions/socketio-sessions/plugin/internal/live"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// A post brings messages to the sockets of this node, and to other nodes.
type post struct {
	core     *store.Core
	common   *common
	look     look
	begin    sync.Once
	listener *store.Listener // made by begin
	closed   latch.Latch
}

var errNobody = errors.New("the target is nobody: use ID, User, Room or Everyone")

// hear returns the listener to other nodes. The first call begins to look for members of
// rooms, too.
func (p *post) hear() *store.Listener {
	p.begin.Do(func() {
		p.listener = p.core.Listen(p.receive)
		go p.look.run(p.closed.Done()) // ends with close
	})
	return p.listener
}

// close ends what hear began.
func (p *post) close() {
	p.closed.Close()
	p.hear().Close()
}

// send brings a message to this node's sockets, and passes it on to other nodes.
func (p *post) send(ctx context.Context, m message) error {
	if m.To.kind == kindUser {
		return p.sendToUser(ctx, m)
	}
	return p.sendTo(ctx, m)
}

// sendToUser is send to each session of a user. Where the store does not know which they
// are, that is an error, and those of this node are served.
func (p *post) sendToUser(ctx context.Context, m message) error {
	ids, err := p.core.IDsOf(ctx, m.To.user)
	if errors.Is(err, store.ErrNoUser) {
		return err
	}
	if err != nil {
		p.deliver(m)
		return err
	}
	var failed []error
	for _, id := range ids {
		m.To.name = id
		failed = append(failed, p.sendTo(ctx, m))
	}
	return errors.Join(failed...)
}

// sendTo is send to a target that has one topic.
func (p *post) sendTo(ctx context.Context, m message) error {
	p.deliver(m)
	return p.say(ctx, m)
}

// say passes a message to a target that has one topic on to other nodes.
func (p *post) say(ctx context.Context, m message) error {
	if m.To.kind == "" {
		return errNobody
	}
	data, err := m.encode()
	if err != nil {
		return err
	}
	return p.core.Say(ctx, p.hear(), m.To.topic(m.Namespace), data)
}

// receive gets a message of another node.
func (p *post) receive(data json.RawMessage) {
	m, err := decodeMessage(data)
	if err == nil {
		p.deliver(m)
		return
	}
	p.common.failures.report(StageMessage, "", err)
}

// deliver brings a message to this node's sockets. It does not wait for them.
func (p *post) deliver(m message) {
	for _, so := range p.sockets(m.To, m.Namespace) {
		if m.Refusal != nil {
			so.sendOut(m.Refusal)
		} else {
			so.cast(m.cast)
		}
	}
}

// sockets returns the sockets of a target in a namespace, or in all of them if that is
// "" and the target a session or a user. Do not change the list.
func (p *post) sockets(of Target, namespace string) (found []*socket) {
	in := p.look.namespaces[namespace]
	switch {
	case of.kind == kindID || of.kind == kindUser && of.name != "":
		found = p.socketsIn(p.common.book.Entry(of.name), of.user)
	case of.kind == kindUser:
		for _, e := range p.common.book.Entries() {
			found = append(found, p.socketsIn(e, of.user)...)
		}
	case in == nil:
	case of.kind == kindRoom:
		found = in.rooms.members(of.name)
	case of.kind == kindEveryone:
		found = in.rooms.everyone()
	}
	if !of.kind.isOfSessions() && len(of.except) == 0 {
		return found
	}
	wanted := make([]*socket, 0, len(found))
	for _, so := range found {
		if !of.spares(so.conn.ID()) && (namespace == "" || so.namespace.name == namespace) {
			wanted = append(wanted, so)
		}
	}
	return wanted
}

// socketsIn returns the sockets of a session, if it is there and, unless user is "", that
// user's.
func (p *post) socketsIn(e *live.Entry, user string) []*socket {
	if e == nil || user != "" && !p.core.IsOf(user, e.Snapshot()) {
		return nil
	}
	return socketsOf(e)
}
