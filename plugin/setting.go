package plugin

// A Scope says how long a handler holds its session. The zero value is
// PerConnection. Set it in [Options], for a namespace, or for an event.
type Scope int

const (
	// PerConnection loads the session when the client connects. Its sockets in
	// this process share one copy. Changes are saved within FlushInterval, at the
	// latest when the socket has disconnected.
	PerConnection Scope = iota

	// PerMessage loads the session before each event and saves it afterwards,
	// before the event is acknowledged. The session is over when the handler
	// returns.
	PerMessage
)

// An Access says whether a handler may change its session. The zero value is
// ReadWrite. Set it in [Options], for a namespace, or for an event.
type Access int

const (
	// ReadWrite handlers of one session run one at a time.
	ReadWrite Access = iota

	// ReadOnly handlers do not wait for the events of other connections, and never
	// save. A handler that changes its session fails with [ErrReadOnly].
	ReadOnly
)

// A Strictness says what becomes of an event with too few or too many arguments. The zero
// value is Lenient. Set it in [Options], for a namespace, or for an event.
type Strictness bool

const (
	// Lenient handlers get zero values for arguments that did not come, and none of
	// those that are too many, as in go-socket.io.
	Lenient Strictness = false

	// Strict refuses such events with [CodeBadArguments]. Null counts as an argument
	// that did not come. Pointers, slices, maps and interfaces may stay away.
	Strict Strictness = true
)

// A Setting is a [Scope], an [Access] or a [Strictness].
type Setting interface{ apply(*settings) }

// settings are those of one handler.
type settings struct {
	scope   Scope
	access  Access
	strict  Strictness
	event   string // its name
	isEvent bool   // else it is another handler
}

func (s Scope) apply(to *settings)  { to.scope = s }
func (a Access) apply(to *settings) { to.access = a }

func (s Strictness) apply(to *settings) { to.strict = s }

// with returns the settings after some changes.
func (s settings) with(changes []Setting) settings {
	for _, change := range changes {
		change.apply(&s)
	}
	return s
}
