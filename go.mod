module github.com/socketio-sessions/socketio-sessions

go 1.25

require (
	github.com/alexedwards/scs/redisstore v0.0.0-20250417082927-ab20b3feb5e9
	github.com/alexedwards/scs/v2 v2.9.0
	github.com/gomodule/redigo v1.9.3
	github.com/googollee/go-socket.io v1.7.0
	github.com/gorilla/websocket v1.5.3
)

require github.com/gofrs/uuid v4.0.0+incompatible // indirect
