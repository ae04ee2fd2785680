package wire

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

// Options are the settings of a [Wire]. Package transport documents the same fields,
// in the same order. The zero value is ready to use.
type Options struct {
	AllowedOrigins  []string
	PingInterval    time.Duration
	PingTimeout     time.Duration
	MaxMessageBytes int
	MaxQueueBytes   int
	MaxWaitingBytes int
	MaxNamespaces   int
	Compression     bool
	Logger          *slog.Logger
}

const (
	// maxNamespace is the length of the longest namespace in bytes, with its query.
	maxNamespace = 1024

	// maxAttachments is how many binary attachments a message may have.
	maxAttachments = 64

	// maxDepth is how deep JSON may nest.
	maxDepth = 128

	// maxQueueLength is how many messages of a client may wait in its inbox.
	maxQueueLength = 1024

	// upgradeTimeout is how long an upgrade may take, unless PingTimeout is
	// shorter.
	upgradeTimeout = 10 * time.Second

	// connectTimeout is how long a client may be in no namespace.
	connectTimeout = 45 * time.Second

	// lastPollGrace is how long a polling client has to fetch its last packets.
	lastPollGrace = 2 * time.Second
)

// withDefaults returns the options with every default filled in.
func (o Options) withDefaults() Options {
	o.PingInterval = cmp.Or(o.PingInterval, 25*time.Second)
	o.PingTimeout = cmp.Or(o.PingTimeout, 20*time.Second)
	o.MaxMessageBytes = cmp.Or(o.MaxMessageBytes, 1_000_000)
	o.MaxQueueBytes = cmp.Or(o.MaxQueueBytes, 4<<20)
	o.MaxWaitingBytes = cmp.Or(o.MaxWaitingBytes, max(256<<20, o.MaxQueueBytes))
	o.MaxNamespaces = cmp.Or(o.MaxNamespaces, 100)
	o.Logger = cmp.Or(o.Logger, slog.Default())
	o.AllowedOrigins = slices.Clone(o.AllowedOrigins)
	return o
}

// validate returns an error that names every invalid setting.
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
	count("MaxWaitingBytes", o.MaxWaitingBytes)
	count("MaxNamespaces", o.MaxNamespaces)
	if o.MaxQueueBytes < o.MaxMessageBytes {
		complain("MaxQueueBytes %d does not hold one message of MaxMessageBytes %d", o.MaxQueueBytes, o.MaxMessageBytes)
	}
	if o.MaxWaitingBytes < o.MaxQueueBytes {
		complain("MaxWaitingBytes %d is less than MaxQueueBytes %d of one client", o.MaxWaitingBytes, o.MaxQueueBytes)
	}
	return errors.Join(problems...)
}

// isOrigin reports whether a browser may send an origin in this form.
func isOrigin(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme == "" || u.Host == "" || u.Scheme+"://"+u.Host != origin {
		return false
	}
	usual := u.Scheme == "http" && u.Port() == "80" || u.Scheme == "https" && u.Port() == "443"
	return !usual && strings.ToLower(origin) == origin && !strings.Contains(origin, "*")
}
