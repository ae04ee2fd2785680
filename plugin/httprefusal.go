package plugin

import "net/http"

// statusOf returns the HTTP status of a Refusal.
func statusOf(why *Refusal) int {
	switch why.Code {
	case CodeStoreError:
		return http.StatusServiceUnavailable
	case CodeInternal:
		return http.StatusInternalServerError
	case CodeAmbiguousCookie:
		return http.StatusBadRequest
	}
	return http.StatusUnauthorized
}

// writeRefusal answers a request with a Refusal as JSON. Its Data is encoded already.
func writeRefusal(w http.ResponseWriter, status int, why *Refusal) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(why.json()) //nolint:gosec // JSON, served as such
}
