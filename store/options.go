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

	// User returns whose a session with these values is, "" for nobody's. Where there are
	// several tenants the name must hold the tenant, too. The Store calls it at commits
	// that changed something, from several goroutines at once: it must be pure and cheap,
	// and leave the values alone. Set the same on all nodes, and run [Store.Enroll] once
	// if there are sessions from before. The backend must be a [Roll], as [Memory] and
	// package redisstore are. Default nil: sessions are nobody's.
	User func(values map[string]any) string

	// Info names the values that [Store.SessionsOf] shows of a session. Default none.
	Info []string

	// MaxSessionsPerUser bounds the sessions of a user: a login above it ends the least
	// recently used, never itself; without an IdleTimeout, those that logged in first.
	// Their sockets hear [Superseded]. A login that comes while another session is renewed
	// may leave one too many, until the next. Default 0: any number.
	MaxSessionsPerUser int

	// Logger hears once of each stored session that does not decode: its id and the
	// error; and, at most once an hour each, of what keeps this node from hearing
	// others or from being heard. Default slog.Default().
	Logger *slog.Logger
}

// defaultMaxBytes is the default of Options.MaxBytes.
const defaultMaxBytes = 1 << 20
