package plugin

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/arguments"
	"github.com/socketio-sessions/socketio-sessions/plugin/internal/live"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// The codes of the [Refusal] values that this package makes. An app may have its own.
const (
	CodeNoCookie     = "no_cookie"     // the handshake carried no token
	CodeUnknown      = "unknown"       // there is no session of this token
	CodeStoreError   = "store_error"   // the store failed: a change may or may not have been saved
	CodeDestroyed    = "destroyed"     // the session was ended, as by a logout
	CodeRenewed      = "renewed"       // its token was replaced, as at a login
	CodeExpired      = "expired"       // the session's time is over
	CodeSuperseded   = "superseded"    // its user has logged in elsewhere, above store.Options.MaxSessionsPerUser
	CodeTooMany      = "too_many"      // the session has Options.MaxSocketsPerSession, or the process MaxAnonymous
	CodeTooLarge     = "too_large"     // the session would be larger than store.Options.MaxBytes
	CodeBusy         = "busy"          // the session's earlier events took too long
	CodeGoingAway    = "going_away"    // the server is shutting down
	CodeInternal     = "internal"      // a handler failed
	CodeDisconnected = "disconnected"  // the server hung up
	CodeBadArguments = "bad_arguments" // the event's arguments do not fit its handler

	// CodeAmbiguousCookie: the handshake carried several session cookies with
	// different values. Somebody else may have set one of them.
	CodeAmbiguousCookie = "ambiguous_cookie"

	// CodeLoginRequired is for an app's handlers; this package never uses it. It is the
	// one code of an app's own that the page's script tries again after a login in another
	// tab.
	CodeLoginRequired = "login_required"
)

// A Refusal says why a client is turned away or sent away, mostly that it has no
// session, or no longer one. OnInvalid hears it, and the client gets it as JSON.
// OnConnect may return one, to turn the client away. If an event handler returns one,
// its code, message and data are the acknowledgement, and the client stays. A *Refusal
// is an error.
type Refusal struct {
	// Code is for programs: one of the constants, or the app's own.
	Code string `json:"code"`
	// Message is for people. It reaches the client.
	Message string `json:"message"`
	// Reconnect says that the client may come back by itself.
	Reconnect bool `json:"reconnect"`
	// Data is whatever else the client should know. It must encode as JSON, or the
	// client does not get it. Default nil.
	Data any `json:"data"`

	gone bool // the session has ended: the Refusal is an ErrGone
}

// Error implements error.
func (r *Refusal) Error() string {
	if r == nil {
		return "nil refusal"
	}
	return r.Message
}

// Is reports whether target is [ErrGone] and the session has ended, also of a Refusal that
// a client has heard.
func (r *Refusal) Is(target error) bool {
	return r != nil && target == ErrGone && (r.gone || slices.Contains([]string{CodeDestroyed, CodeRenewed, CodeExpired, CodeSuperseded}, r.Code))
}

// refusal returns a Refusal of one of this package's codes. It is a new one each time,
// since OnInvalid may change it.
func refusal(code string) *Refusal {
	messages := map[string]string{
		CodeNoCookie:     "There is no session: the request carried no session cookie.",
		CodeUnknown:      "There is no session: it is unknown or has ended.",
		CodeStoreError:   "The session cannot be read or saved at the moment.",
		CodeDestroyed:    "The session has ended.",
		CodeRenewed:      "The session goes on under a new cookie.",
		CodeExpired:      "The session has expired.",
		CodeSuperseded:   "The session has ended: there are too many others of its user.",
		CodeTooMany:      "The session has too many open connections.",
		CodeTooLarge:     "The session would be too large.",
		CodeBusy:         "The session is busy with earlier events.",
		CodeGoingAway:    "The server is going away.",
		CodeInternal:     "The server failed to handle this.",
		CodeDisconnected: "The server closed the connection.",

		CodeAmbiguousCookie: "The request carried several session cookies with different values.",
	}
	reconnect := slices.Contains([]string{CodeStoreError, CodeRenewed, CodeBusy, CodeGoingAway}, code)
	return &Refusal{Code: code, Message: messages[code], Reconnect: reconnect}
}

// refusalOf returns what a client may know of an error: the Refusal in it, or a code.
// The text of other errors stays on the server.
func refusalOf(err error) *Refusal {
	if own := (*Refusal)(nil); errors.As(err, &own) && own != nil {
		copied := *own
		return &copied
	}
	if end := (*live.End)(nil); errors.As(err, &end) {
		return refusalOfEnd(end)
	}
	if misfit := (*arguments.Error)(nil); errors.As(err, &misfit) {
		return &Refusal{Code: CodeBadArguments, Message: misfit.Error()}
	}
	if errors.Is(err, store.ErrMalformed) {
		return refusal(CodeInternal)
	}
	if errors.Is(err, store.ErrTooLarge) {
		return refusal(CodeTooLarge)
	}
	if live.IsStoreError(err) {
		return refusal(CodeStoreError)
	}
	if errors.Is(err, ErrGone) {
		return refusal(CodeDestroyed)
	}
	return refusal(CodeInternal)
}

// refusalOfEnd returns the Refusal of a session that has ended.
func refusalOfEnd(end *live.End) *Refusal {
	code := string(end.Kind)
	if end.Kind == live.Broken {
		code = CodeInternal
	}
	why := refusal(code)
	why.gone = true
	return why
}

// sessionError returns an error of a session as apps get it: a Refusal for an End.
func sessionError(err error) error {
	if end := (*live.End)(nil); errors.As(err, &end) {
		return refusalOfEnd(end)
	}
	return err
}

// encodeData replaces Data by its JSON. If Data does not encode, encodeData drops it and
// returns an error: the client must hear the code even then.
func (r *Refusal) encodeData() (err error) {
	if r.Data == nil {
		return nil
	}
	err = contain(func() error {
		b, err := json.Marshal(r.Data)
		r.Data = json.RawMessage(b)
		return err
	})
	if err != nil {
		r.Data = nil
		return fmt.Errorf("sessions: encode a refusal's data: %w", err)
	}
	return nil
}

// failure is the acknowledgement of an event that failed.
type failure struct {
	Error failureDetail `json:"error"`
}

type failureDetail struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Data    any    `json:"data,omitempty"`
}

func acknowledgement(why *Refusal) failure {
	return failure{failureDetail{Code: why.Code, Message: why.Message, Data: why.Data}}
}

// answer returns the acknowledgement of an event that comes too late. Data is
// encoded already.
func (r *Refusal) answer() json.RawMessage {
	b, err := json.Marshal(acknowledgement(r))
	if err != nil {
		return json.RawMessage("null")
	}
	return b
}

// json returns the Refusal as clients get it. Data is encoded already.
func (r *Refusal) json() json.RawMessage {
	b, err := json.Marshal(r)
	if err != nil {
		return json.RawMessage(`{"code":"` + CodeInternal + `"}`)
	}
	return b
}
