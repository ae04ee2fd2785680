package wire

// A frame is one Engine.IO packet without the framing of its wire. The data of
// a text frame begins with the digit of the packet's type: '0' open, '1' close,
// '2' ping, '3' pong, '4' message, '5' upgrade, '6' noop. That of a binary
// frame is the message itself, without a type.
type frame struct {
	binary bool
	data   []byte
}

// malformed says in a few words what is wrong with what a client sent. It never
// quotes it.
type malformed string

func (m malformed) Error() string { return string(m) }
