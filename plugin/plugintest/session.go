package plugintest

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
)

// Session makes a session with values in the manager's store, whichever that is, as a
// request does that puts them. It returns the session's cookie, for [Server.Dial] and
// for requests. With nil the session is there and empty. The test fails if the store
// does not take it within 10 s. The session stays when the test ends.
func Session(tb testing.TB, manager *scs.SessionManager, values map[string]any) *http.Cookie {
	tb.Helper()
	onlyInTests()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), 10*time.Second)
	defer cancel()
	ctx, err := manager.Load(ctx, "")
	if err != nil {
		tb.Fatalf("plugintest: start a session: %v", err)
	}
	for key, value := range values {
		manager.Put(ctx, key, value)
	}
	token, _, err := manager.Commit(ctx)
	if err != nil {
		tb.Fatalf("plugintest: save a session: %v", err)
	}
	return &http.Cookie{ //nolint:gosec // as safe as the manager has it
		Name: manager.Cookie.Name, Value: token, Path: manager.Cookie.Path, Domain: manager.Cookie.Domain,
		Secure: manager.Cookie.Secure, HttpOnly: manager.Cookie.HttpOnly, SameSite: manager.Cookie.SameSite,
	}
}
