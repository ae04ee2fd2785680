package store_test

import (
	"context"
	"fmt"
	"log"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// What is kept of a user is shown to them, and then forgotten.
func Example_forget() {
	manager := scs.New()
	store.Attach(manager, store.NewMemory(), store.Options{})
	ctx := context.Background()
	for _, user := range []string{"alice", "bob"} {
		session, err := manager.Load(ctx, "")
		if err != nil {
			log.Fatal(err)
		}
		manager.Put(session, "user", user)
		manager.Put(session, "diary", "dear diary")
		if _, _, err := manager.Commit(session); err != nil {
			log.Fatal(err)
		}
	}

	user := "alice"
	err := manager.Iterate(ctx, func(ctx context.Context) error {
		if manager.GetString(ctx, "user") != user {
			return nil
		}
		for _, key := range manager.Keys(ctx) {
			fmt.Println(key, "is", manager.Get(ctx, key)) // export
		}
		return manager.Destroy(ctx) // erasure: its sockets hear of it on every node, and are closed
	})
	if err != nil {
		log.Fatal(err)
	}

	left := 0
	if err := manager.Iterate(ctx, func(context.Context) error { left++; return nil }); err != nil {
		log.Fatal(err)
	}
	fmt.Println("left:", left)
	// Output:
	// diary is dear diary
	// user is alice
	// left: 1
}
