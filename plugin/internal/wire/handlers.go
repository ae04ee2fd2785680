package wire

import (
	"reflect"

	socketio "github.com/googollee/go-socket.io"
)

// Has reports whether a server has a namespace. It tries to leave a room that does not
// exist: go-socket.io has no other query without an effect. Has waits for broadcasts, and
// these for NextWriter, so call it without any lock that NextWriter takes.
func Has(server *socketio.Server, namespace string) bool {
	return server.LeaveRoom(namespace, "\x00 no room", nil)
}

// Registered returns which of its own handlers a server has in a namespace: "OnConnect",
// "OnDisconnect". go-socket.io keeps one of each, and does not show them: where its fields
// are not those of v1.7.0 and v1.8.0-rc.1, none are returned.
func Registered(server *socketio.Server, namespace string) (names []string) {
	return registered(server, namespace, func(_ string, f reflect.Value) bool { return !f.IsNil() })
}

// Replaced is Registered, of those that are others than the given ones.
func Replaced(server *socketio.Server, namespace string, connect func(socketio.Conn) error, disconnect func(socketio.Conn, string)) []string {
	ours := map[string]uintptr{"OnConnect": reflect.ValueOf(connect).Pointer(), "OnDisconnect": reflect.ValueOf(disconnect).Pointer()}
	return registered(server, namespace, func(name string, f reflect.Value) bool { return f.Pointer() != ours[name] })
}

func registered(server *socketio.Server, namespace string, is func(name string, f reflect.Value) bool) (names []string) {
	lookInto(server, namespace, func(handlers reflect.Value) {
		for name, field := range map[string]string{"OnConnect": "onConnect", "OnDisconnect": "onDisconnect"} {
			if is(name, handlers.FieldByName(field)) {
				names = append(names, name)
			}
		}
	})
	return names
}

// Doubled returns the events of [Wire.Own] in a namespace that a server has handlers of,
// too, which never run. It sees as far as Registered does.
func (w *Wire) Doubled(server *socketio.Server, namespace string) (events []string) {
	lookInto(server, namespace, func(handlers reflect.Value) {
		for _, event := range handlers.FieldByName("events").MapKeys() {
			if w.gates.events[namespace][event.String()] != nil {
				events = append(events, event.String())
			}
		}
	})
	return events
}

// lookInto calls a function with what a server keeps for a namespace, if it has that.
func lookInto(server *socketio.Server, namespace string, look func(handlers reflect.Value)) {
	defer func() { _ = recover() }() // the fields have other names or types
	if namespace == "/" {
		namespace = "" // as go-socket.io has it
	}
	all := reflect.ValueOf(server).Elem().FieldByName("handlers").Elem().FieldByName("handlers")
	if handlers := all.MapIndex(reflect.ValueOf(namespace)); handlers.IsValid() {
		look(handlers.Elem())
	}
}
