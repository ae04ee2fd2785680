package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"runtime/debug"
)

// routes is all that the mirror serves.
func (m *mirror) routes(client string) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/socket.io/", m.ledger.watch(m.sessions))
	mux.HandleFunc("GET /stats", m.stats)
	mux.HandleFunc("GET /gc", func(w http.ResponseWriter, r *http.Request) {
		runtime.GC()
		debug.FreeOSMemory() // and what a finalizer let go of
		m.stats(w, r)
	})
	mux.HandleFunc("GET /client.js", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, client) })

	handle := func(pattern string, h http.HandlerFunc) { mux.Handle(pattern, m.sessions.LoadAndSave(h)) }
	handle("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		m.manager.Put(r.Context(), "visits", m.manager.GetInt(r.Context(), "visits")+1)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, `<!doctype html><link rel="icon" href="data:,"><title>mirror</title><script src="/client.js"></script>`)
	})
	handle("POST /login", func(w http.ResponseWriter, r *http.Request) { answer(w, m.manager.RenewToken(r.Context())) })
	handle("POST /logout", func(w http.ResponseWriter, r *http.Request) { answer(w, m.manager.Destroy(r.Context())) })
	return mux
}

func answer(w http.ResponseWriter, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (m *mirror) stats(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	stats := m.ledger.stats()
	stats["connections"] = m.server.Count()
	_ = json.NewEncoder(w).Encode(stats)
}
