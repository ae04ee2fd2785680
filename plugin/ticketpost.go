package plugin

import (
	"encoding/json"
	"net/http"
)

// An issuer answers the POSTs of pages that ask for a ticket.
type issuer struct {
	posts    *posts
	tickets  *tickets
	resolver *resolver
}

// ServeHTTP issues a ticket for the session of the request. That does not count as
// use of the session.
func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cross-Origin-Resource-Policy", "same-origin")
	if !i.posts.takes(w, r) || i.posts.ambiguities.refuses(w, r, i.resolver.cut(r), ticketName) {
		return
	}
	if why := i.resolver.check(r); why != nil {
		writeRefusal(w, statusOf(why), why)
		return
	}
	ticket, err := i.tickets.issue(r.Context(), i.resolver.store.Key(i.resolver.cut(r)))
	if err != nil {
		i.resolver.failures.report(StageSave, "", err)
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
