package store

import "errors"

var (
	// ErrGone is returned by a commit, by [Core.Save], [Core.Swap] and
	// [Core.Touch] when the session was destroyed, renewed or has expired.
	// Nothing was written.
	ErrGone = errors.New("store: the session has ended")

	// ErrTooLarge is returned by a commit, by [Core.Save], [Core.Swap],
	// [Core.Fits] and [Core.Deposit] when the session would be larger than
	// Options.MaxBytes, and than it is. Nothing was written.
	ErrTooLarge = errors.New("store: the session is too large")

	// ErrNoCookie is returned by RenewToken and MergeSession when they are
	// called with a socket's session: the new token would need a cookie, and a
	// socket cannot set one. Renew over HTTP.
	ErrNoCookie = errors.New("store: a socket cannot set the cookie of a new token")

	// ErrMalformed is returned by [Core.Load], [Core.Swap] and [Core.Save] when
	// the manager's codec cannot decode what the backend holds of the session. To
	// [Store.LoadAndSave] there is no session then.
	ErrMalformed = errors.New("store: the stored session does not decode")

	// ErrNoList is returned by Iterate when the backend cannot list its
	// sessions; see [Lister].
	ErrNoList = errors.New("store: the backend cannot list its sessions")
)
