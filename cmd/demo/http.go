package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
)

const (
	maxForm  = 64 << 10
	maxDelay = 5 * time.Second
)

// routes is the demo's whole surface. Only what needs a session loads one.
func (d *demo) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle(d.config.path+"/", d.sessions)
	mux.Handle(d.config.path+"/socket.io.js", d.clientScript())
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "ok")
	})
	mux.HandleFunc("GET /readyz", d.readyz)

	guard := d.sameOrigin()
	handle := func(pattern string, h http.HandlerFunc) {
		mux.Handle(pattern, guard.Handler(d.sessions.LoadAndSave(h)))
	}
	handle("GET /{$}", d.showPage)
	handle("GET /session", d.needSession(d.readSession))
	handle("POST /session", d.needSession(d.putValue))
	handle("DELETE /session", d.needSession(d.removeValue))
	handle("POST /login", d.login)
	handle("POST /logout", d.logout)
	handle("GET /devices", d.needUser(d.listDevices))
	guard = http.NewCrossOriginProtection() // nobody else's page, whatever -origins says
	handle("POST /devices/{id}/logout", d.needUser(d.logoutDevice))
	handle("POST /logout-everywhere", d.needUser(d.logoutEverywhere))
	return mux
}

// readyz tells a balancer whether to send new clients here.
func (d *demo) readyz(w http.ResponseWriter, _ *http.Request) {
	if err := d.sessions.Ready(); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}

// sameOrigin refuses changes that another site's page asks for.
func (d *demo) sameOrigin() *http.CrossOriginProtection {
	guard := http.NewCrossOriginProtection()
	for _, origin := range d.config.origins {
		_ = guard.AddTrustedOrigin(origin) // setOrigins has checked it
	}
	return guard
}

// showPage is the only GET that starts a session. A HEAD, which the pattern
// lets in too, does not.
func (d *demo) showPage(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		d.manager.Put(r.Context(), "visits", d.manager.GetInt(r.Context(), "visits")+1)
	}
	d.page.write(w)
}

// needSession answers 401 where the request has no session.
func (d *demo) needSession(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if d.manager.Token(r.Context()) == "" {
			noSession(w)
			return
		}
		next(w, r)
	}
}

func (d *demo) readSession(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	b, err := json.Marshal(map[string]any{
		"id":     d.store.SessionID(ctx),
		"values": d.valuesOf(ctx),
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(append(b, '\n'))
}

// valuesOf returns every value of the session in ctx, be it a request's or a
// socket's.
func (d *demo) valuesOf(ctx context.Context) map[string]any {
	values := make(map[string]any)
	for _, key := range d.manager.Keys(ctx) {
		values[key] = d.manager.Get(ctx, key)
	}
	return values
}

func (d *demo) putValue(w http.ResponseWriter, r *http.Request) {
	form, err := readForm(w, r, "key")
	if err != nil {
		badRequest(w, err)
		return
	}
	delay, err := parseDelay(form.Get("delay"))
	if err != nil {
		badRequest(w, err)
		return
	}
	select {
	case <-time.After(delay):
	case <-r.Context().Done():
		return
	}
	d.manager.Put(r.Context(), form.Get("key"), form.Get("value"))
	d.saved(w, r)
}

func (d *demo) removeValue(w http.ResponseWriter, r *http.Request) {
	key := r.URL.Query().Get("key")
	if key == "" {
		badRequest(w, errors.New("key is missing"))
		return
	}
	d.manager.Remove(r.Context(), key)
	d.saved(w, r)
}

// saved commits before it answers, so that it can say when the session has
// ended meanwhile. A store that failed is left to LoadAndSave, which tries
// once more and then answers for it.
func (d *demo) saved(w http.ResponseWriter, r *http.Request) {
	if _, _, err := d.manager.Commit(r.Context()); errors.Is(err, store.ErrGone) {
		noSession(w)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// login renews the token first: whoever knew the old one must not share the
// session of the user.
func (d *demo) login(w http.ResponseWriter, r *http.Request) {
	form, err := readForm(w, r, "user")
	if err != nil {
		badRequest(w, err)
		return
	}
	if err := d.manager.RenewToken(r.Context()); err != nil {
		d.storeFailed(w, r, err)
		return
	}
	d.manager.Put(r.Context(), "user", form.Get("user"))
	if _, _, err := d.manager.Commit(r.Context()); err == nil { // else LoadAndSave tries again, and answers
		d.tellDevices(r.Context(), form.Get("user"))
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (d *demo) logout(w http.ResponseWriter, r *http.Request) {
	if d.manager.Token(r.Context()) != "" {
		user := d.manager.GetString(r.Context(), "user")
		if err := d.manager.Destroy(r.Context()); err != nil {
			d.storeFailed(w, r, err)
			return
		}
		d.tellDevices(r.Context(), user)
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func noSession(w http.ResponseWriter) {
	http.Error(w, "no session", http.StatusUnauthorized)
}

func badRequest(w http.ResponseWriter, err error) {
	http.Error(w, err.Error(), http.StatusBadRequest)
}
