package store

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"
)

// A savingWriter commits the session before the first byte of the answer, while a
// cookie can still be set. It belongs to the goroutine of its request.
type savingWriter struct {
	http.ResponseWriter
	manager  *scs.SessionManager
	tx       *transaction
	request  *http.Request
	saved    bool // the commit was tried
	failed   bool // it failed, and ErrorFunc has answered
	hijacked bool // the handler has the connection, and we answer nothing
}

func (w *savingWriter) WriteHeader(status int) {
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.save()
	}
	if !w.failed {
		w.ResponseWriter.WriteHeader(status)
	}
}

func (w *savingWriter) Write(b []byte) (int, error) {
	w.save()
	if w.failed {
		return len(b), nil
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap serves http.ResponseController.
func (w *savingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// FlushError serves http.ResponseController: a flush sends the header.
func (w *savingWriter) FlushError() error {
	w.save()
	if w.failed {
		return nil
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Flush serves handlers that ask for an http.Flusher.
func (w *savingWriter) Flush() { _ = w.FlushError() }

// Hijack serves handlers that ask for an http.Hijacker, as websockets do.
func (w *savingWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if !w.saved {
		if err := w.saveUnsent(); err != nil {
			return nil, nil, err
		}
	}
	conn, buffered, err := http.NewResponseController(w.ResponseWriter).Hijack()
	w.hijacked = w.hijacked || err == nil
	return conn, buffered, err
}

// finish saves when the handler has returned.
func (w *savingWriter) finish() {
	if !w.hijacked {
		w.save()
		return
	}
	if err := w.saveUnsent(); err != nil {
		w.manager.ErrorFunc(nowhere{}, w.request, err)
	}
}

// context returns the context of the commit. It does not end when the client leaves:
// what the client asked for was done.
func (w *savingWriter) context() context.Context { return context.WithoutCancel(w.request.Context()) }

func (w *savingWriter) save() {
	if w.saved {
		return
	}
	w.saved = true
	ctx, m := w.context(), w.manager
	switch m.Status(ctx) {
	case scs.Modified:
		token, expiry, err := m.Commit(ctx)
		switch {
		case err == nil && w.tx.browser.lacks(cookieOf(ctx, m), m.IdleTimeout > 0):
			m.WriteSessionCookie(ctx, w.ResponseWriter, token, expiry)
		case err != nil && !errors.Is(err, ErrGone):
			w.failed = true
			m.ErrorFunc(w.ResponseWriter, w.request, err)
		}
	case scs.Destroyed:
		m.WriteSessionCookie(ctx, w.ResponseWriter, "", time.Time{})
	case scs.Unmodified:
		if token := m.Token(ctx); token != "" && w.tx.browser.isForced() {
			m.WriteSessionCookie(ctx, w.ResponseWriter, token, m.Deadline(ctx))
		}
	}
}

// saveUnsent saves without a cookie. It saves only a session whose cookie the browser
// has, since it can send no other.
func (w *savingWriter) saveUnsent() error {
	ctx, m := w.context(), w.manager
	if m.Status(ctx) != scs.Modified || !w.tx.browser.knows(m.Token(ctx)) {
		return nil
	}
	if _, _, err := m.Commit(ctx); !errors.Is(err, ErrGone) {
		return err
	}
	return nil
}

// nowhere discards an answer that cannot be sent any more.
type nowhere struct{}

func (nowhere) Header() http.Header         { return make(http.Header) }
func (nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (nowhere) WriteHeader(int)             {}
