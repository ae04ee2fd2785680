package limit

import (
	"context"
	"log/slog"
)

// Logger returns a logger that writes to another no more than a few lines a
// minute of each kind: of a message, with the text of the errors among its
// attributes. A line that others were left out before has their number as
// "untold".
func Logger(to *slog.Logger) *slog.Logger {
	return slog.New(handler{to.Handler(), new(Limiter)})
}

type handler struct {
	slog.Handler
	limiter *Limiter
}

func (h handler) Handle(ctx context.Context, record slog.Record) error {
	cause := ""
	record.Attrs(func(a slog.Attr) bool {
		if err, ok := a.Value.Any().(error); ok {
			cause += err.Error()
		}
		return true
	})
	untold, ok := h.limiter.Allow(record.Message, cause)
	if !ok {
		return nil
	}
	if untold > 0 {
		record = record.Clone()
		record.AddAttrs(slog.Int("untold", untold))
	}
	return h.Handler.Handle(ctx, record)
}

func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return handler{h.Handler.WithAttrs(attrs), h.limiter}
}

func (h handler) WithGroup(name string) slog.Handler {
	return handler{h.Handler.WithGroup(name), h.limiter}
}
