package plugin

import (
	"errors"
	"fmt"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/limit"
	"github.com/socketio-sessions/socketio-sessions/plugin/internal/live"
)

// The stages of a [Failure].
const (
	StageConnect    = "connect"    // an OnConnect handler failed
	StageEvent      = "event"      // an event handler failed
	StageDisconnect = "disconnect" // an OnDisconnect handler failed
	StageInvalid    = "invalid"    // an OnInvalid handler failed
	StageLoad       = "load"       // a session could not be read from the store
	StageSave       = "save"       // a session could not be saved
	StageTouch      = "touch"      // a session could not be kept alive
	StageChange     = "change"     // an OnChange handler failed
	StageProbe      = "probe"      // the store could not be asked which sessions live
	StageMessage    = "message"    // what Emit or Disconnect sent could not be delivered
	StageObserver   = "observer"   // a func of the Observer panicked
)

// A Failure is one that no handler hears of, and where it was. Options.OnError hears of
// it.
type Failure struct {
	Stage string // one of the Stage constants
	ID    string // the session's public name, "" where there is none

	// Namespace is the one of the socket, and Event what it was handling. They are ""
	// where there is none.
	Namespace, Event string

	Err error // a [Panic] where a func of the app's panicked
}

// failures tells Options.OnError of what fails, of a few failures a minute of each
// kind.
type failures struct {
	onError func(Failure)
	told    limit.Limiter
}

// report tells of a failure at a stage that is not one socket's. The id is the session's,
// or "".
func (f *failures) report(stage, id string, err error) {
	f.tell(Failure{Stage: stage, ID: id, Err: err})
}

func (f *failures) tell(failed Failure) {
	var ofStore *live.StoreError
	if errors.As(failed.Err, &ofStore) {
		failed.Stage = ofStore.Stage
	}
	_ = contain(func() error {
		untold, ok := f.told.Allow(failed.Stage+" "+failed.Namespace+" "+failed.Event, failed.Err.Error())
		if ok {
			failed.Err = withUntold(failed.Err, untold)
			f.onError(failed)
		}
		return nil
	})
}

// withUntold returns an error that also says of how many like it OnError has not
// heard, if there are any.
func withUntold(err error, n int) error {
	if n == 0 {
		return err
	}
	return fmt.Errorf("%w (and %d more like this since the last that was told)", err, n)
}
