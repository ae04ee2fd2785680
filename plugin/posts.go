package plugin

import "net/http"

// posts lets in the POSTs of pages that may connect.
type posts struct {
	gate        gate
	mistakes    *mistakes
	ambiguities *ambiguities
}

// takes reports whether a request is such a POST, and answers any other.
func (p *posts) takes(w http.ResponseWriter, r *http.Request) bool {
	if !p.gate.admits(w, r) {
		return false
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return false
	}
	return !p.mistakes.refusesReplaced(w)
}
