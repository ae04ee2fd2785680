package transport

import (
	"log/slog"
	"time"
)

// Options are the settings of a [Wire]. The zero value is ready to use.
type Options struct {
	// AllowedOrigins are the origins that may connect besides the server's
	// own, as browsers write them: "https://app.example.com". Their pages may
	// send credentials, over polling too, and the plugin's script on them may
	// fetch cookies and tickets. Default none.
	AllowedOrigins []string

	// PingInterval is how often a heartbeat goes over an idle connection.
	// Default 25 s. Shorter notices dead clients sooner and costs more.
	PingInterval time.Duration

	// PingTimeout is how long after a missed heartbeat a client counts as
	// gone, and how long one write to it may take. Default 20 s.
	PingTimeout time.Duration

	// MaxMessageBytes is the size of the largest message that a client may
	// send, a binary attachment counting as one. Default 1,000,000.
	MaxMessageBytes int

	// MaxQueueBytes is how much may wait to be sent to a client before the client
	// is dropped, and how much of what it sent may wait to be handled before it has
	// to wait. The largest POST is of this size, or of twice MaxMessageBytes.
	// Default 4 MiB.
	MaxQueueBytes int

	// MaxNamespaces is how many namespaces one connection may be in. Default
	// 100.
	MaxNamespaces int

	// Compression offers permessage-deflate to websocket clients. Default off:
	// it costs a lot of memory for each connection.
	Compression bool

	// Logger hears why a connection was ended by force, with the connection's
	// address, never its id or what it sent: for each reason five times a minute;
	// "untold" is how many lines were left out before. Default slog.Default().
	Logger *slog.Logger
}
