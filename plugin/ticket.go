package plugin

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
)

const (
	// ticketName is where tickets are issued, under the resource path, and
	// ticketQuery is where a handshake carries one.
	ticketName  = "session-ticket"
	ticketQuery = "ticket"

	// ticketLife is how long a ticket waits to be used.
	ticketLife = 30 * time.Second
)

// tickets remembers those that opened a connection until it is registered. The
// zero value is empty.
type tickets struct {
	mu       sync.Mutex
	redeemed map[string]string // the store key, by ticket
}

// add remembers a redeemed ticket for as long as a handshake may take.
func (t *tickets) add(ticket, key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.redeemed == nil {
		t.redeemed = make(map[string]string)
	}
	t.redeemed[ticket] = key
	time.AfterFunc(ticketLife, func() { t.take(ticket) })
}

func (t *tickets) take(ticket string) (key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	key = t.redeemed[ticket]
	delete(t.redeemed, ticket)
	return key
}

// ticketOf returns the ticket of a request, "" where there is none or they are
// not used.
func (s *Sessions) ticketOf(r *http.Request) string {
	if !s.options.Tickets {
		return ""
	}
	return r.URL.Query().Get(ticketQuery)
}

// depositOf is where a ticket is kept: whoever reads the store cannot use it.
func depositOf(ticket string) string {
	sum := sha256.Sum256([]byte(ticket))
	return "ticket:" + base64.RawURLEncoding.EncodeToString(sum[:])
}

// serveTicket issues a ticket for the session of the request. It does not count
// as use of the session.
func (s *Sessions) serveTicket(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	switch {
	case r.Method != http.MethodPost:
		header.Set("Allow", http.MethodPost)
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
	case !transport.SameOrigin(r):
		http.Error(w, "forbidden", http.StatusForbidden)
	default:
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

// redeem takes the ticket of a handshake. A ticket that is not there any more
// is refused when the client asks for a namespace.
func (s *Sessions) redeem(r *http.Request) *Refusal {
	ticket := s.ticketOf(r)
	if ticket == "" {
		return nil
	}
	key, ok, err := s.store.Withdraw(r.Context(), depositOf(ticket))
	if err != nil {
		s.report(StageLoad, "", err)
		return refusal(CodeStoreError)
	}
	if ok {
		s.tickets.add(ticket, string(key))
	}
	return nil
}
