package wire

import "errors"

// A malformed error says what is wrong with a client's packet. It never quotes the
// packet.
type malformed string

func (m malformed) Error() string { return string(m) }

const (
	errEmptyFrame = malformed("empty frame")
	errTooLong    = malformed("frame too long")
	errFrameType  = malformed("unknown Engine.IO packet type")
	errUTF8       = malformed("invalid UTF-8")
)

var errSlow = errors.New("the client is too slow: too much waits to be sent")
