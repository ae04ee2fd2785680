module github.com/socketio-sessions/socketio-sessions

go 1.25

require (
	github.com/alexedwards/scs/redisstore v0.0.0-20250417082927-ab20b3feb5e9
	github.com/alexedwards/scs/v2 v2.9.0
	github.com/gomodule/redigo v1.9.3
	github.com/googollee/go-socket.io v1.8.0-rc.1
	github.com/gorilla/websocket v1.5.3
)

require (
	github.com/gofrs/uuid v4.4.0+incompatible // indirect
	golang.org/x/exp v0.0.0-20230713183714-613f0c0eb8a1 // indirect
)
