package plugintest

import (
	"encoding/json"
	"reflect"
	"strings"
)

// An Answer is the arguments of an event, or of an acknowledgement: with
// go-socket.io, what the handler returned.
type Answer struct {
	client *Client
	what   string
	values values
	acks   bool // it is an acknowledgement
}

// String returns the first argument: a text as it is, else its JSON. It is "" if there is
// none. Binary is in base64.
func (a Answer) String() string {
	if len(a.values.json) == 0 {
		return ""
	}
	first := a.values.plain(0)
	var text string
	if json.Unmarshal(first, &text) == nil && string(first) != "null" {
		return text
	}
	return string(first)
}

// Int returns the first argument, which must be an integer.
func (a Answer) Int() (n int) {
	a.client.conn.tb.Helper()
	a.Scan(&n)
	return n
}

// Scan decodes the arguments into what vs point to, in their order, as encoding/json
// does; binary into a *[]byte. Further arguments are ignored. The test fails if there are
// fewer, if one does not fit, or if the event has failed: see [Answer.Code]. A failure can be
// scanned into what has a place for its "error".
func (a Answer) Scan(vs ...any) {
	tb := a.client.conn.tb
	tb.Helper()
	if len(a.values.json) < len(vs) {
		tb.Fatalf("%s has %d arguments, want %d: %v", a.what, len(a.values.json), len(vs), a.values)
	}
	if a.acks && a.Code() != "" && len(vs) > 0 && !holdsFailure(vs[0]) {
		tb.Fatalf("%s is %v: the event has failed", a.what, a.values)
	}
	for i, v := range vs {
		if err := json.Unmarshal(a.values.plain(i), v); err != nil {
			tb.Fatalf("%s is %v: argument %d: %v", a.what, a.values, i+1, err)
		}
	}
}

// holdsFailure reports whether a failure is seen in what v points to.
func holdsFailure(v any) bool {
	to := reflect.TypeOf(v)
	if to == nil || to.Kind() != reflect.Pointer {
		return false
	}
	d := json.NewDecoder(strings.NewReader(`{"error":null}`))
	d.DisallowUnknownFields()
	return d.Decode(reflect.New(to.Elem()).Interface()) == nil
}

// Code returns the code of an event that the server has not handled, as "busy", or that
// its handler refused: that in {"error":{"code":…}}. It is "" if the event was handled.
func (a Answer) Code() string {
	var failed struct{ Error struct{ Code string } }
	if len(a.values.json) == 0 || json.Unmarshal(a.values.json[0], &failed) != nil {
		return ""
	}
	return failed.Error.Code
}

// Expect fails the test if the arguments are not as wanted, compared as JSON: 1 is 1.0,
// and a struct is an object. A []byte in args is wanted as binary.
func (a Answer) Expect(args ...any) {
	a.client.conn.tb.Helper()
	same, err := a.values.equal(args)
	if err != nil {
		a.client.conn.tb.Fatalf("%s: %v", a.what, err)
	}
	if !same {
		a.client.conn.tb.Fatalf("%s is %v, want %s", a.what, a.values, shown(args))
	}
}
