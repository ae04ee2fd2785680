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

// A Failure is something that failed and that no handler is told of.
// Options.OnError hears of it.
type Failure struct {
	Stage string // one of the Stage constants
	ID    string // the session's public name, "" where there is none
	Err   error  // a [Panic] where a func of the app's panicked
}

// failures tells Options.OnError of what fails, of a few failures a minute of each
// kind.
type failures struct {
	onError func(Failure)
	told    limit.Limiter
}

// report tells of a failure at a stage. The id is the session's, or "".
func (f *failures) report(stage, id string, err error) { f.reportOf(stage, "", id, err) }

// reportOf is report for one of several things that can fail at a stage.
func (f *failures) reportOf(stage, of, id string, err error) {
	var failed *live.StoreError
	if errors.As(err, &failed) {
		stage = failed.Stage
	}
	_ = contain(func() error {
		if untold, ok := f.told.Allow(stage+" "+of, err.Error()); ok {
			f.onError(Failure{stage, id, withUntold(err, untold)})
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
