package wire

import "net/http"

// An Observer hears what becomes of clients, to count it. Each func may be nil. They are
// called concurrently and must return soon.
type Observer struct {
	// Refused hears of a request that was not let in, and why: one of the Refused
	// constants.
	Refused func(r *http.Request, why string)

	// Dropped hears of a client whose connection was ended because too much waited, and
	// why: one of the Dropped constants.
	Dropped func(why string)
}

// Why a request was not let in.
const (
	RefusedOrigin    = "forbidden"   // its page may not connect: HTTP 403
	RefusedForeign   = "foreign"     // it names a connection that another credential opened: HTTP 403
	RefusedUnknownID = "unknown_id"  // it names a connection that there is not, or no longer: HTTP 400
	RefusedMalformed = "bad_request" // it is none of Engine.IO's: HTTP 400
	RefusedClosing   = "going_away"  // the Wire closes: HTTP 503
	RefusedInternal  = "internal"    // the server cannot work: HTTP 500
)

// Why a client was dropped.
const (
	DroppedSlow = "slow" // more than MaxQueueBytes waited for it
	DroppedShed = "shed" // more than MaxWaitingBytes waited for all, and it took nothing
)

func (o *Observer) refused(r *http.Request, why string) {
	if o.Refused != nil {
		o.Refused(r, why)
	}
}

func (o *Observer) dropped(why string) {
	if o.Dropped != nil {
		o.Dropped(why)
	}
}
