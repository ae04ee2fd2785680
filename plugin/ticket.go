package plugin

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/live"
	"github.com/socketio-sessions/socketio-sessions/store"
)

const (
	// ticketName is where tickets are issued, under the resource path, and
	// ticketQuery is where a handshake carries one.
	ticketName  = "session-ticket"
	ticketQuery = "ticket"

	// ticketLife is how long a ticket waits to be used.
	ticketLife = 30 * time.Second
)

// tickets are what stands for a cookie in a handshake, once. The store keeps them.
type tickets struct{ store *store.Core }

// A stub is what a connection keeps of its ticket: the store key that this stood for.
// The zero value is that of a ticket that was not redeemed yet.
type stub struct{ key atomic.Pointer[string] }

// depositOf returns the name that a ticket is kept under. The store keeps only a hash
// of it: whoever reads the store cannot use the ticket.
func depositOf(ticket string) string { return "ticket:" + ticket }

// laterTicket is in what a later release keeps of a ticket, if that is more than the store
// key: no key has a colon.
const laterTicket = ":"

// issue returns a new ticket for the session under a store key.
func (t *tickets) issue(ctx context.Context, key string) (ticket string, err error) {
	ticket = rand.Text() // at least 128 bits
	return ticket, t.store.Deposit(ctx, depositOf(ticket), []byte(key), ticketLife)
}

// redeem returns the store key that a ticket stands for, "" when it is not valid, or
// no longer. One that a later release has issued is an error: the client asks for another,
// and may reach a node that knows it. A connection redeems its ticket when it asks for its first namespace; a
// request that is no handshake, or is refused as one, does not use it up. For the
// connection's other namespaces the stub has the key.
func (t *tickets) redeem(ticket string, at *stub) (key string, err error) {
	if known := at.key.Load(); known != nil {
		return *known, nil
	}
	b, ok, err := t.store.Withdraw(context.Background(), depositOf(ticket))
	if err != nil {
		return "", &live.StoreError{Stage: StageLoad, Err: err}
	}
	key = string(b)
	if strings.Contains(key, laterTicket) {
		return "", fmt.Errorf("sessions: a ticket: %w", errLater)
	}
	if ok && key != "" {
		at.key.Store(&key)
	}
	return key, nil
}
