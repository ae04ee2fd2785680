// Package plugintest is where the demo's tests still look for the raw client.
package plugintest

import "github.com/socketio-sessions/socketio-sessions/plugin/internal/rawclient"

// What the demo's tests use of it.
type (
	Client = rawclient.Client
	Packet = rawclient.Packet
)

const (
	Polling   = rawclient.Polling
	Websocket = rawclient.Websocket
)

var (
	Prefix = rawclient.Prefix
	Ended  = rawclient.Ended
)
