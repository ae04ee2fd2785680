package live

import (
	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/latch"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// An env is what a Book and all its entries work with.
type env struct {
	config  Config
	host    Host
	manager *scs.SessionManager
	store   *store.Core
	views   *views
	outage  *outage
	closed  latch.Latch // by Close: no timer starts any more
}

func newEnv(config Config, host Host) *env {
	return &env{
		config: config, host: host,
		manager: config.Manager,
		store:   config.Store,
		views:   newViews(config.Manager, config.Store),
		outage:  newOutage(config.StoreGrace, config.Store.Heard),
	}
}
