package transport

import (
	"log/slog"
	"time"
)

// Options are the settings of a [Wire]. The zero value is ready to use.
type Options struct {
	// AllowedOrigins are the origins that may connect besides the server's own,
	// as browsers send them: "https://app.example.com". Their pages may send
	// credentials, and the plugin's script on them may fetch cookies and
	// tickets. Default none.
	AllowedOrigins []string

	// PingInterval is the time between the heartbeats of an idle connection.
	// Default 25 s. A shorter one detects dead clients sooner, and costs more.
	PingInterval time.Duration

	// PingTimeout is how long a client may be late with a heartbeat before its
	// connection ends, and how long one write to it may take. Default 20 s.
	PingTimeout time.Duration

	// MaxMessageBytes is the size of the largest message that a client may send.
	// Each binary attachment counts as a message. Default 1,000,000.
	MaxMessageBytes int

	// MaxQueueBytes bounds, for each client, what waits to be sent to it, and what of
	// its own waits to be handled. Above the first its connection ends, but a single
	// message may be larger, up to a quarter of MaxWaitingBytes. Above the second the
	// client has to wait. A POST may be as large, or twice MaxMessageBytes if that is
	// more. Default 4 MiB.
	MaxQueueBytes int

	// MaxWaitingBytes bounds what waits for all clients together, in both directions,
	// with uploads and attachments that are not complete. A message that many clients
	// are sent by plugin.Sessions.Emit counts once. If more waits, clients are dropped:
	// first those that have never polled, then those that have taken nothing for
	// longest; a client that takes what it is sent stays. Set it to the memory that
	// you can spare for queues. Default 256 MiB, or MaxQueueBytes if that is more.
	MaxWaitingBytes int

	// MaxNamespaces is how many namespaces a client may be in. Default 100.
	MaxNamespaces int

	// Compression offers permessage-deflate to websocket clients. Default off: it
	// costs much memory for each connection.
	Compression bool

	// Logger gets a line for each connection that was ended by force, with the
	// reason and the client's address, but never its id or data. It gets at most
	// five lines a minute for each reason; "untold" counts the lines left out
	// before. Default slog.Default().
	Logger *slog.Logger
}
