package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// device is one of the sessions of a user. Its id is not that of the session, which a
// login changes.
type device struct {
	ID   string    `json:"id"`
	Made time.Time `json:"made"`
	Used time.Time `json:"used"` // the login where no idle timeout tells more
	This bool      `json:"this"`
}

// userOf names the user of a session for the store.
func userOf(values map[string]any) string {
	user, _ := values["user"].(string)
	return user
}

// needUser answers 401 where nobody is logged in.
func (d *demo) needUser(next func(w http.ResponseWriter, r *http.Request, user string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		user := d.manager.GetString(r.Context(), "user")
		if user == "" {
			http.Error(w, "nobody is logged in", http.StatusUnauthorized)
			return
		}
		next(w, r, user)
	}
}

func (d *demo) listDevices(w http.ResponseWriter, r *http.Request, user string) {
	infos, err := d.store.SessionsOf(r.Context(), user)
	if err != nil {
		d.storeFailed(w, r, err)
		return
	}
	devices, own := make([]device, 0, len(infos)), d.store.SessionID(r.Context())
	for _, info := range infos {
		one := device{ID: info.Device, Made: info.Made, Used: info.Used, This: info.ID == own}
		if one.Used.IsZero() {
			one.Used = info.Made
		}
		devices = append(devices, one)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(devices)
}

// logoutDevice ends one session of the user, which may be that of the request.
func (d *demo) logoutDevice(w http.ResponseWriter, r *http.Request, user string) {
	ctx := r.Context()
	own, err := d.isOwn(ctx, user, r.PathValue("id"))
	switch {
	case err != nil:
	case own:
		err = d.manager.Destroy(ctx)
	default:
		err = d.store.EndID(ctx, user, r.PathValue("id"))
	}
	if errors.Is(err, store.ErrNotTheirs) {
		http.NotFound(w, r)
		return
	}
	d.loggedOut(w, r, user, err)
}

// isOwn reports whether a device is the request's session.
func (d *demo) isOwn(ctx context.Context, user, id string) (bool, error) {
	infos, err := d.store.SessionsOf(ctx, user)
	for _, info := range infos {
		if info.Device == id {
			return info.ID == d.store.SessionID(ctx), nil
		}
	}
	return false, err
}

// logoutEverywhere ends every session of the user. The request's own comes last: its
// cookie goes with it.
func (d *demo) logoutEverywhere(w http.ResponseWriter, r *http.Request, user string) {
	ctx := r.Context()
	_, err := d.store.EndUser(ctx, user, d.store.SessionID(ctx))
	if err == nil {
		err = d.manager.Destroy(ctx)
	}
	d.loggedOut(w, r, user, err)
}

func (d *demo) loggedOut(w http.ResponseWriter, r *http.Request, user string, err error) {
	if err != nil {
		d.storeFailed(w, r, err)
		return
	}
	d.tellDevices(r.Context(), user)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// tellDevices makes the user's pages look at the list again, on every node.
func (d *demo) tellDevices(ctx context.Context, user string) {
	if user == "" {
		return
	}
	for _, namespace := range []string{"/", pageNamespace} {
		if err := d.sessions.Emit(context.WithoutCancel(ctx), plugin.User(user), namespace, "devices"); err != nil {
			d.log.Warn("tell of devices", "err", err)
		}
	}
}
