// Package plugintest tests the handlers of an app: it serves the app, makes sessions as
// pages do, and connects clients as browsers do, over a real connection.
//
//	func TestClick(t *testing.T) {
//		t.Parallel()
//		manager, handler := newApp(t) // as the program has them: see below
//		srv := plugintest.New(t, handler)
//		cookie := plugintest.Session(t, manager, map[string]any{"user": "ann"})
//
//		c := srv.Dial("/", cookie)
//		c.Ask("click").Expect(1)
//		c.Emit("say", "hello")
//		c.Expect("said", map[string]string{"user": "ann", "text": "hello"})
//
//		if why := srv.Dial("/", nil).Refused(); why.Code != plugin.CodeNoCookie {
//			t.Errorf("without a session: %+v", why)
//		}
//	}
//
// newApp is what the program does at its start, on a store in memory. The app needs
// nothing that is only for tests:
//
//	func newApp(t *testing.T) (*scs.SessionManager, http.Handler) {
//		t.Helper()
//		manager := scs.New()
//		store.Attach(manager, store.NewMemory(), store.Options{})
//		wire := transport.New(transport.Options{})
//		server := socketio.NewServer(wire.EngineOptions(nil))
//		sessions, err := plugin.Enable(server, manager, plugin.Options{Transport: wire})
//		if err != nil {
//			t.Fatal(err)
//		}
//		handlers(manager, sessions) // the app's OnConnect, OnEvent, …
//		go server.Serve()
//		t.Cleanup(func() { _ = sessions.Close(context.Background()) })
//
//		mux := http.NewServeMux()
//		mux.Handle("/socket.io/", sessions)
//		mux.Handle("/", sessions.LoadAndSave(pages(manager)))
//		return manager, mux
//	}
//
// # Sending and hearing
//
// [Client.Emit] sends an event; [Client.Ask] waits for its acknowledgement, an [Answer],
// which has what the handler returned: [Answer.Expect], [Answer.String], [Answer.Int] and
// [Answer.Scan], or [Answer.Code] if it was refused. [Client.Expect] and [Client.Hear]
// wait for an event, [Client.ExpectNone] fails if one has come. Each takes the events
// of one name, in their order, and leaves the others alone. Arguments are compared as JSON,
// with []byte for binary.
//
// # Let in, refused, ended
//
// Dial waits until the server has decided. [Client.Connected] wants a client that is in,
// [Client.Refused] one that was turned away, and [Client.Ended] waits until one is sent
// away, as by a logout. The last two return the [plugin.Refusal] as the client gets it:
//
//	if err := manager.Iterate(t.Context(), manager.Destroy); err != nil {
//		t.Fatal(err)
//	}
//	if why := c.Ended(); why.Code != plugin.CodeDestroyed {
//		t.Errorf("got %+v", why)
//	}
//
// # Which client
//
// A client speaks Engine.IO 4 over a websocket, like socket.io-client 3.x and 4.x. Options
// make it another one: [EIO3], [Polling], [Header], [Query], [Auth]. [Path] says where
// Socket.IO is served. On go-socket.io's own transports use [EIO3].
//
// # Waiting
//
// No call waits longer than 10 s, which [Patience] changes. A call that times out fails the
// test, and says what was wanted and what came instead. Nothing sleeps.
//
// Tests with clients may run in parallel and under the race detector. In a subtest use
// [Server.In], so that it is the subtest that fails. The end of the test hangs up and
// stops the server. Outside of tests [New], [At] and [Session] panic.
//
// # What it does not do
//
// Clients do not move from polling to a websocket, do not connect again by themselves,
// and answer no acknowledgement that the server asks for. The page's script, with its
// claims and tickets, is not in them. Binary goes both ways as an argument of its own;
// inside another argument only towards the client.
package plugintest
