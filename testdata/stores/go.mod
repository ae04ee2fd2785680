module github.com/socketio-sessions/socketio-sessions/testdata/stores

go 1.25

require (
	github.com/alexedwards/scs/sqlite3store v0.0.0-20251002162104-209de6e426de
	github.com/mattn/go-sqlite3 v1.14.32
	github.com/socketio-sessions/socketio-sessions v0.0.0
)

require (
	github.com/alexedwards/scs/v2 v2.9.0 // indirect
	github.com/gomodule/redigo v1.9.3 // indirect
)

replace github.com/socketio-sessions/socketio-sessions => ../..
