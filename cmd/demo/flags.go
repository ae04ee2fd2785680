package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

// config is what the flags say.
type config struct {
	addr     string
	store    string
	scope    plugin.Scope
	path     string // begins with a slash, does not end with one
	lifetime time.Duration
	idle     time.Duration
	origins  []string
	client   string
	faults   bool
	drain    time.Duration
	leave    time.Duration
	rate     int
}

// resourcePath keeps the path free of what http.ServeMux gives a meaning.
var resourcePath = regexp.MustCompile(`^(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$`)

// parseFlags reads the command line. Help goes to usage, errors to nobody:
// whoever called prints them once.
func parseFlags(args []string, usage io.Writer) (config, error) {
	c := config{scope: plugin.PerConnection}
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&c.addr, "addr", "127.0.0.1:3000", "listen `address`; port 0 picks a free one")
	flags.StringVar(&c.store, "store", memoryStore, "where sessions are: "+storeForms)
	flags.StringVar(&c.path, "path", "/socket.io", "the resource `path`")
	flags.StringVar(&c.client, "client", "", "the socket.io.js `file` to serve (default the npm copy under clientjs/)")
	flags.DurationVar(&c.lifetime, "lifetime", 24*time.Hour, "a session's absolute lifetime")
	flags.DurationVar(&c.idle, "idle", 0, "a session's idle timeout, 0 for none")
	flags.DurationVar(&c.drain, "drain", 0, "serve on for so long after SIGTERM, while /readyz answers 503")
	flags.DurationVar(&c.leave, "leave", 3*time.Second, "how long the sockets may then take to leave")
	flags.IntVar(&c.rate, "rate", 500, "how many of them may come back in a second, unless -leave would not do")
	flags.BoolVar(&c.faults, "faults", false, "add the events panic and slow")
	flags.Func("scope", "`connection` or message (default connection)", c.setScope)
	flags.Func("origins", "further `origins` that may connect, comma-separated", c.setOrigins)

	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			flags.SetOutput(usage)
			flags.PrintDefaults()
		}
		return config{}, err
	}
	if flags.NArg() > 0 {
		return config{}, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	return c, c.check()
}

func (c *config) check() error {
	c.path = strings.TrimSuffix(c.path, "/")
	switch {
	case !resourcePath.MatchString(c.path):
		return fmt.Errorf("-path %q: want something like /socket.io", c.path)
	case c.lifetime <= 0:
		return fmt.Errorf("-lifetime %v: want more than nothing", c.lifetime)
	case c.idle < 0:
		return fmt.Errorf("-idle %v: want 0 or more", c.idle)
	case c.drain < 0:
		return fmt.Errorf("-drain %v: want 0 or more", c.drain)
	case c.rate <= 0:
		return fmt.Errorf("-rate %d: want more than none", c.rate)
	case c.leave <= 0:
		return fmt.Errorf("-leave %v: want more than nothing", c.leave)
	}
	return nil
}

func (c *config) setScope(name string) error {
	switch name {
	case "connection":
		c.scope = plugin.PerConnection
	case "message":
		c.scope = plugin.PerMessage
	default:
		return errors.New("want connection or message")
	}
	return nil
}

func (c *config) setOrigins(list string) error {
	c.origins = nil
	for origin := range strings.SplitSeq(list, ",") {
		origin = strings.ToLower(strings.TrimSpace(origin))
		if origin == "" {
			continue
		}
		if err := http.NewCrossOriginProtection().AddTrustedOrigin(origin); err != nil {
			return fmt.Errorf("%q: want something like http://localhost:3001", origin)
		}
		c.origins = append(c.origins, origin)
	}
	return nil
}
