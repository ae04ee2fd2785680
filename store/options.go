package store

import "log/slog"

// Options are the settings of [Attach]. The zero value is ready to use.
type Options struct {
	// KeepCodec keeps the manager's codec even if it is the default scs.GobCodec.
	// Default false: a [Codec] replaces that one. It reads and writes the same
	// bytes, faster. Set KeepCodec where sessions must go through encoding/gob
	// itself.
	KeepCodec bool

	// MaxBytes bounds the encoded session, with what others write at the same time.
	// A commit that is larger than MaxBytes, and larger than what is stored, returns
	// [ErrTooLarge]. A session can always be made smaller, used, renewed and
	// destroyed. Default 0: 1 MiB. Negative: no bound.
	MaxBytes int

	// Logger hears once of each stored session that does not decode: its id and the
	// error; and, at most once an hour each, of what keeps this node from hearing
	// others or from being heard. Default slog.Default().
	Logger *slog.Logger
}

// defaultMaxBytes is the default of Options.MaxBytes.
const defaultMaxBytes = 1 << 20
