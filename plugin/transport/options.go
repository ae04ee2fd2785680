package transport

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
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

const (
	// maxNamespace is the length of the longest namespace, its query included.
	maxNamespace = 1024

	// maxAttachments is how many binaries one message may have.
	maxAttachments = 64

	// maxDepth is how deep JSON may nest.
	maxDepth = 128

	// maxQueueLength is how many messages of a client may wait to be handled.
	maxQueueLength = 1024

	// upgradeTimeout is how long a probe of a websocket may last, if
	// PingTimeout is not shorter.
	upgradeTimeout = 10 * time.Second

	// connectTimeout is how long a client may stay without being in any
	// namespace.
	connectTimeout = 45 * time.Second

	// farewell is how long a polling client has to fetch its last packets, and
	// a refused one to hang up by itself.
	farewell = 2 * time.Second
)

// withDefaults returns the options with every field set.
func (o Options) withDefaults() Options {
	o.PingInterval = cmp.Or(o.PingInterval, 25*time.Second)
	o.PingTimeout = cmp.Or(o.PingTimeout, 20*time.Second)
	o.MaxMessageBytes = cmp.Or(o.MaxMessageBytes, 1_000_000)
	o.MaxQueueBytes = cmp.Or(o.MaxQueueBytes, 4<<20)
	o.MaxNamespaces = cmp.Or(o.MaxNamespaces, 100)
	o.Logger = cmp.Or(o.Logger, slog.Default())
	o.AllowedOrigins = slices.Clone(o.AllowedOrigins)
	return o
}

// validate names every setting that cannot work.
func (o Options) validate() error {
	var problems []error
	complain := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("transport: Options."+format, args...))
	}
	for _, origin := range o.AllowedOrigins {
		if !isOrigin(origin) {
			complain("AllowedOrigins: %q is no origin as browsers write it, like https://app.example.com", origin)
		}
	}
	o = o.withDefaults()
	duration := func(name string, d time.Duration) {
		if d < time.Millisecond {
			complain("%s %v is less than a millisecond", name, d)
		}
	}
	duration("PingInterval", o.PingInterval)
	duration("PingTimeout", o.PingTimeout)
	count := func(name string, n int) {
		if n < 0 {
			complain("%s %d is negative", name, n)
		}
	}
	count("MaxMessageBytes", o.MaxMessageBytes)
	count("MaxQueueBytes", o.MaxQueueBytes)
	count("MaxNamespaces", o.MaxNamespaces)
	if o.MaxQueueBytes < o.MaxMessageBytes {
		complain("MaxQueueBytes %d does not hold one message of MaxMessageBytes %d", o.MaxQueueBytes, o.MaxMessageBytes)
	}
	return errors.Join(problems...)
}

// isOrigin tells whether a browser may name an origin so.
func isOrigin(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme == "" || u.Host == "" || u.Scheme+"://"+u.Host != origin {
		return false
	}
	usual := u.Scheme == "http" && u.Port() == "80" || u.Scheme == "https" && u.Port() == "443"
	return !usual && strings.ToLower(origin) == origin && !strings.Contains(origin, "*")
}
