//go:build !unix

package wire

import "net"

// A tryWriter writes without waiting. This system cannot do that, so it writes
// nothing, and the stream's goroutine sends everything.
type tryWriter struct{}

func (*tryWriter) prepare(net.Conn) {}

func (*tryWriter) write([]byte) (n int, err error) { return 0, nil }
