package transport

import (
	"strings"
	"testing"
)

// Clients that break the rules again and again do not fill the log. Each reason
// is told.
func TestLogIsNotFlooded(t *testing.T) {
	t.Parallel()
	var log logBook
	h := newHost(t, Options{Logger: log.logger()}, nil)
	const flood, few = 50, 5
	for range flood {
		c := h.call(nameWebsocket, 4)
		h.say(c, `42["echo"`)
		h.hearEnd(c)
	}
	c := h.call(nameWebsocket, 4)
	h.say(c, "9")
	h.hearEnd(c)
	eventually(t, "the last is told", func() bool { return strings.Contains(log.String(), string(errFrameType)) })
	if n := strings.Count(log.String(), "connection ended"); n != few+1 {
		t.Errorf("%d lines: %s", n, &log)
	}
}
