package live

import (
	"errors"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// The stages that Host.Failed hears of; plugin documents them.
const (
	stageLoad  = "load"
	stageSave  = "save"
	stageTouch = "touch"
	stageProbe = "probe"
)

// An End is why a session has ended. It is an error, and a [store.ErrGone].
type End struct {
	Kind store.Kind // Destroyed, Renewed, Expired, or [Broken]
}

// Broken is the end of a session that does not decode.
const Broken store.Kind = "broken"

// Error implements error.
func (e *End) Error() string { return "sessions: the session is over: " + string(e.Kind) }

// Is reports that an End is a [store.ErrGone].
func (e *End) Is(target error) bool { return target == store.ErrGone }

// IgnoreEnd drops the error of a session that has ended: its members know.
func IgnoreEnd(err error) error {
	if errors.Is(err, store.ErrGone) {
		return nil
	}
	return err
}

// A StoreError is a failure of the store, as opposed to one of a handler.
type StoreError struct {
	Stage string
	Err   error
}

// Error implements error.
func (e *StoreError) Error() string { return e.Err.Error() }

// Unwrap returns the store's error.
func (e *StoreError) Unwrap() error { return e.Err }

// IsStoreError reports whether the store failed.
func IsStoreError(err error) bool {
	var failed *StoreError
	return errors.As(err, &failed)
}

// Errors of a [Use]; plugin documents them.
var (
	ErrReadOnly  = errors.New("sessions: a ReadOnly event changed its session")
	ErrAnonymous = errors.New("sessions: an anonymous session cannot be changed")
	ErrOver      = errors.New("sessions: the event of this session is over")
	ErrNested    = errors.New("sessions: an Update or a Commit inside an Update")
)

// ErrFull is returned by [Book.Join] for a session that has Config.MaxSeats.
var ErrFull = errors.New("sessions: the session has no seat left")
