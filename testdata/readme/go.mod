module github.com/socketio-sessions/socketio-sessions/testdata/readme

go 1.25.0

require (
	github.com/alexedwards/scs/v2 v2.9.0
	github.com/googollee/go-socket.io v1.7.0
	github.com/socketio-sessions/socketio-sessions v0.0.0
)

require (
	github.com/gofrs/uuid v4.0.0+incompatible // indirect
	github.com/gomodule/redigo v1.9.3 // indirect
	github.com/gorilla/websocket v1.5.3 // indirect
	github.com/stretchr/testify v1.11.1 // indirect
)

replace github.com/socketio-sessions/socketio-sessions => ../..
