package plugin

// Scope says how long a handler's session is held. The zero value is
// PerConnection. It can be set in Options, per namespace and per event.
type Scope int

const (
	// PerConnection loads the session when the client connects. Its sockets in
	// this process share one copy; changes are saved at most FlushInterval
	// after they were made, at the latest when the socket has disconnected.
	PerConnection Scope = iota

	// PerMessage loads the session before each event and saves it afterwards,
	// before the event is acknowledged. The session is over when the handler
	// returns.
	PerMessage
)

// Access says whether a handler may change its session. The zero value is
// ReadWrite. It can be set in Options, per namespace and per event.
type Access int

const (
	// ReadWrite handlers of one session run one at a time.
	ReadWrite Access = iota

	// ReadOnly events wait for no event of another connection, and never save.
	// An event that changes its session all the same fails.
	ReadOnly
)

// A Setting is a [Scope] or an [Access].
type Setting interface{ apply(*settings) }

type settings struct {
	scope  Scope
	access Access
	event  string // whose they are; "" where it is none
}

func (s Scope) apply(to *settings)  { to.scope = s }
func (a Access) apply(to *settings) { to.access = a }

func (s settings) with(changes []Setting) settings {
	for _, change := range changes {
		change.apply(&s)
	}
	return s
}
