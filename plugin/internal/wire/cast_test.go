package wire

import (
	"bytes"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/googollee/go-socket.io/parser"
)

// A Cast arrives whole by every transport, compressed or not, also where a websocket
// frame says its length in two bytes or eight.
func TestCastArrives(t *testing.T) {
	t.Parallel()
	const rest = len(`42["all",""]`)
	for _, compression := range []bool{false, true} {
		t.Run(fmt.Sprint("compression ", compression), func(t *testing.T) {
			t.Parallel()
			kinds(t, func(t *testing.T, transport string, version int) {
				h := newHost(t, Options{Compression: compression}, nil)
				c := h.call(transport, version)
				if transport == nameWebsocket && compression {
					c = h.compressed(version)
				}
				conn := h.conn(c)
				for _, size := range []int{rest, 125, 126, 1<<16 - 1, 1 << 16, 200_000} {
					text, blob := strings.Repeat("x", size-rest), bytes.Repeat([]byte{0, 255}, size/2)
					for _, args := range [][]any{{text}, {&parser.Buffer{Data: blob}}} {
						cast, err := NewCast("/", "all", args)
						if err != nil {
							t.Fatal(err)
						}
						conn.Cast(cast, new(atomic.Bool))
						conn.Cast(cast, new(atomic.Bool))
					}
					for range 2 {
						h.hear(c, `42["all","`+text+`"]`)
					}
					for range 2 {
						h.hear(c, `451-["all",{"_placeholder":true,"num":0}]`)
						h.hearBinary(c, blob)
					}
				}
			})
		})
	}
}
