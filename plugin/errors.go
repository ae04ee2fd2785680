package plugin

import (
	"errors"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/live"
	"github.com/socketio-sessions/socketio-sessions/store"
)

var (
	// ErrGone is returned by the methods of a [Session] that was destroyed,
	// renewed or has expired.
	ErrGone = store.ErrGone

	// ErrReadOnly fails an event that is [ReadOnly] and changed its session.
	// The change is dropped.
	ErrReadOnly = live.ErrReadOnly

	// ErrAnonymous is returned where an anonymous session would have to be
	// stored, and fails an event that changed one. The change is dropped.
	ErrAnonymous = live.ErrAnonymous

	// ErrOver is returned by the methods of a PerMessage [Session] after its
	// handler has returned.
	ErrOver = live.ErrOver

	// ErrNested is returned by Update and by manager.Commit when they are called with
	// the session that the function of an Update was given: the Update commits.
	ErrNested = live.ErrNested

	// ErrOldScript is returned by [Session.Renew] for a page that runs a client
	// script of before claims had secrets, as after a deployment: it could not
	// redeem the claim. When it is loaded anew, it can.
	ErrOldScript = errors.New("sessions: the page has an old client script: it must be loaded anew")

	// ErrUnheard is returned by [Sessions.Emit] and [Sessions.Disconnect] where the
	// backend cannot tell other nodes. This node's sockets have been reached.
	ErrUnheard = store.ErrUnheard

	// ErrNoteTooLarge is returned by them for a message that is too large to be sent to
	// other nodes: 256 KiB. This node's sockets have been reached.
	ErrNoteTooLarge = store.ErrNoteTooLarge

	// ErrDraining is returned by [Sessions.Ready] after [Sessions.Drain].
	ErrDraining = errors.New("sessions: draining")

	// ErrClosed is returned by [Sessions.Close] when it was called before, and by
	// [Sessions.Ready] from then on.
	ErrClosed = errors.New("sessions: closed")
)

// errLater is reported of what a later release has written, and this one cannot read.
var errLater = errors.New("it is of a later release")

// errSlow is reported when a client misses what Emit has sent.
var errSlow = errors.New("sessions: too much waits for a client: an event was dropped")
