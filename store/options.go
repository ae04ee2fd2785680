package store

import "log/slog"

// Options are the settings of [Attach]. The zero value is ready to use.
type Options struct {
	// KeepCodec keeps the manager's codec, also where that is the default
	// scs.GobCodec. Default false: that is replaced by a [Codec], which reads and
	// writes the same bytes, faster. Set it where sessions must go through
	// encoding/gob itself.
	KeepCodec bool

	// MaxBytes bounds a session as it is encoded, what others write at the same
	// time included. A commit that is larger than that, and larger than what is
	// stored, is [ErrTooLarge]; to make one smaller, to use, renew or destroy it
	// always works. Default 0: 1 MiB. Negative: no bound.
	MaxBytes int

	// Logger hears, once for each, of stored sessions that do not decode: what is
	// wrong, and the session's id. Default slog.Default().
	Logger *slog.Logger
}
