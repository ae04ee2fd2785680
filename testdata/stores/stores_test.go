// Package stores proves that store.Wrap serves a store that this project did
// not write. It is a module of its own, so that nobody who uses the library
// gets that store's dependencies.
package stores

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/alexedwards/scs/sqlite3store"
	_ "github.com/mattn/go-sqlite3"

	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// Not boltstore: its Find returns bytes of a page that the next commit reuses.
func TestWrapSQLite3store(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(t.TempDir(), "sessions.db")+"?_busy_timeout=10000&_journal_mode=WAL&_synchronous=OFF")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if _, err := db.Exec("CREATE TABLE sessions (token TEXT PRIMARY KEY, data BLOB NOT NULL, expiry REAL NOT NULL)"); err != nil {
		t.Fatal(err)
	}
	inner := sqlite3store.NewWithCleanupInterval(db, 0)
	open := func(*testing.T) store.Backend { return store.Wrap(inner) }
	storetest.Run(t, open, storetest.NoExpiry, storetest.NoEvents, storetest.NoRoll)
}
