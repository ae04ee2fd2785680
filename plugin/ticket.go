package plugin

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"time"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/live"
)

const (
	// ticketName is where tickets are issued, under the resource path, and
	// ticketQuery is where a handshake carries one.
	ticketName  = "session-ticket"
	ticketQuery = "ticket"

	// ticketLife is how long a ticket waits to be used.
	ticketLife = 30 * time.Second
)

// ticketOf returns the ticket of a request, "" where there is none or they are
// not used.
func (s *Sessions) ticketOf(r *http.Request) string {
	if !s.options.Tickets {
		return ""
	}
	return r.URL.Query().Get(ticketQuery)
}

// depositOf is where a ticket is kept. The store hashes it: whoever reads that
// cannot use it.
func depositOf(ticket string) string { return "ticket:" + ticket }

// serveTicket issues a ticket for the session of the request. It does not count
// as use of the session.
func (s *Sessions) serveTicket(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cross-Origin-Resource-Policy", "same-origin")
	if s.takesPost(w, r) && !s.refusesAmbiguous(w, r, s.cut(r), ticketName) {
		s.issueTicket(w, r)
	}
}

func (s *Sessions) issueTicket(w http.ResponseWriter, r *http.Request) {
	if why := s.check(r); why != nil {
		writeRefusal(w, statusOf(why), why)
		return
	}
	ticket := rand.Text() // at least 128 bits
	key := s.store.Key(s.cut(r))
	if err := s.store.Deposit(r.Context(), depositOf(ticket), []byte(key), ticketLife); err != nil {
		s.report(StageSave, "", err)
		why := refusal(CodeStoreError)
		writeRefusal(w, statusOf(why), why)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(struct {
		Ticket    string  `json:"ticket"`
		ExpiresIn float64 `json:"expiresIn"` // seconds
	}{ticket, ticketLife.Seconds()})
}

// redeem returns the store key that a connection's ticket stands for, "" when it
// is not valid, or no more. It is redeemed when the first namespace is asked for:
// what is no handshake, or is turned away as one, does not use it up. A
// connection asks for one namespace after another.
func (s *Sessions) redeem(c *connection, ticket string) (key string, err error) {
	s.mu.RLock()
	key = c.key
	s.mu.RUnlock()
	if key != "" {
		return key, nil
	}
	b, _, err := s.store.Withdraw(context.Background(), depositOf(ticket))
	if err != nil {
		return "", &live.StoreError{Stage: StageLoad, Err: err}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c.key = string(b)
	return c.key, nil
}
