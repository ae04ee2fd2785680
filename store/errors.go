package store

import "errors"

var (
	// ErrGone says that the session was destroyed, was renewed or has expired.
	// Commits of SCS's return it, and [Core]'s Save, Swap and Touch. Nothing was
	// written.
	ErrGone = errors.New("store: the session has ended")

	// ErrTooLarge says that the session would be larger than Options.MaxBytes, and
	// larger than it is. Commits of SCS's return it, and [Core]'s Save, Swap, Fits
	// and Deposit. Nothing was written.
	ErrTooLarge = errors.New("store: the session is too large")

	// ErrUser says that Options.User has panicked. Commits of SCS's return it, and [Core]'s
	// Save and Swap. Nothing was written.
	ErrUser = errors.New("store: Options.User has failed")

	// ErrNoteTooLarge says that what is said does not fit into [MaxNoteBytes].
	// [Core.Say] returns it. Nobody has heard it.
	ErrNoteTooLarge = errors.New("store: what is said is larger than a note may be: 256 KiB")

	// ErrUnheard says that other processes were not told, since the backend is no
	// [Speaker]. [Core.Say] returns it.
	ErrUnheard = errors.New("store: the backend cannot tell other processes")

	// ErrNoCookie is what RenewToken and MergeSession return for a socket's
	// session: the new token would need a cookie, and a socket cannot set one.
	// Renew over HTTP.
	ErrNoCookie = errors.New("store: a socket cannot set the cookie of a new token")

	// ErrMalformed says that the manager's codec cannot decode the stored session.
	// [Core]'s Load, Swap and Save return it. [Store.LoadAndSave] treats such a
	// session as none.
	ErrMalformed = errors.New("store: the stored session does not decode")

	// ErrNoUser says that the name of a user is empty. All methods that take one return it.
	ErrNoUser = errors.New("store: the user has no name")

	// ErrNoRoll says that this Store does not know whose the sessions are: Options.User is
	// not set, or the backend is no [Roll]. All methods that take a user return it.
	ErrNoRoll = errors.New("store: sessions of users are not known")

	// ErrNotTheirs is what EndID returns when no session of the user has the id.
	ErrNotTheirs = errors.New("store: the user has no such session")

	// ErrNoList is what Iterate returns when the backend cannot list its sessions;
	// see [Lister].
	ErrNoList = errors.New("store: the backend cannot list its sessions")
)
