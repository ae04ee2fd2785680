package metrics_test

import (
	"log"
	"net/http"

	"github.com/alexedwards/scs/v2"
	socketio "github.com/googollee/go-socket.io"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/metrics"
	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
)

func Example() {
	manager, wire := scs.New(), transport.New(transport.Options{})
	server := socketio.NewServer(wire.EngineOptions(nil))

	counts := metrics.New()
	prometheus.MustRegister(counts)
	sessions, err := plugin.Enable(server, manager, plugin.Options{Transport: wire, Observer: counts.Observer()})
	if err != nil {
		log.Fatal(err)
	}
	counts.Watch(sessions)

	http.Handle("/socket.io/", sessions)
	http.Handle("/metrics", promhttp.Handler())
}
