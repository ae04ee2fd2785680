package live

import "errors"

// The stages that Host.Failed hears of; plugin documents them.
const (
	stageLoad  = "load"
	stageSave  = "save"
	stageTouch = "touch"
	stageProbe = "probe"
)

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
