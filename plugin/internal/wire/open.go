package wire

import "encoding/json"

// An openPacket is the data of OPEN. Times are in milliseconds.
type openPacket struct {
	ID           string   `json:"sid"`
	Upgrades     []string `json:"upgrades"`
	PingInterval int64    `json:"pingInterval"`
	PingTimeout  int64    `json:"pingTimeout"`
	MaxPayload   int      `json:"maxPayload,omitempty"` // since version 4
}

// writeOpen registers the connection under the id from go-socket.io's OPEN packet,
// and queues our own OPEN. The sender holds that back until go-socket.io writes the
// root's CONNECT: before that, go-socket.io does not know the id.
func (c *Conn) writeOpen(b *buffer) error {
	open := openPacket{
		PingInterval: c.shared.options.PingInterval.Milliseconds(),
		PingTimeout:  c.shared.options.PingTimeout.Milliseconds(),
		Upgrades:     []string{},
	}
	var given struct {
		ID string `json:"sid"`
	}
	err := json.Unmarshal(b.bytes[1:], &given)
	open.ID = given.ID
	if c.version == 4 {
		open.MaxPayload = c.shared.options.MaxMessageBytes
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.establish() // go-socket.io gives up
		return err
	}
	if c.reason != "" {
		// The client has already gone. go-socket.io would log an error; without one
		// it goes on, and NextReader tells it about the end.
		c.id = given.ID
		c.shared.pool.release(b)
		return nil
	}
	if c.out.ws == nil {
		open.Upgrades = append(open.Upgrades, nameWebsocket)
	}
	text, err := json.Marshal(open)
	if err != nil {
		return err
	}
	c.id, c.namespaces.id = given.ID, given.ID
	c.shared.registry.add(c.id, c)
	b.bytes = append(b.bytes[:1], text...)
	c.out.send(parcel{buffer: b})
	return nil
}

// establish notes that go-socket.io has taken over the connection, or has given it
// up. From then on the sender sends.
func (c *Conn) establish() {
	if !c.shared.mistakes.serving.Load() {
		c.shared.mistakes.serving.Store(true)
	}
	if c.established.CompareAndSwap(false, true) && c.shared.registry.opened(c) {
		go c.hangUp(ReasonShutdown) // ends at once
	}
}
