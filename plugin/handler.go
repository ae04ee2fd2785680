package plugin

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/arguments"
)

// A handler is an app's event handler. Only this file calls by reflection, and package
// arguments decodes by it: go-socket.io goes by the types that a function takes, so each
// handler needs a function of its own type.
type handler struct {
	fn      reflect.Value
	takes   *arguments.List
	results int    // how many are acknowledged
	doubts  []bool // which of them may not encode
	fails   bool   // the function's last result is an error
}

var (
	connType    = reflect.TypeFor[socketio.Conn]()
	sessionType = reflect.TypeFor[*Session]()
	errorType   = reflect.TypeFor[error]()
	anyType     = reflect.TypeFor[any]()

	marshalerType     = reflect.TypeFor[json.Marshaler]()
	textMarshalerType = reflect.TypeFor[encoding.TextMarshaler]()
)

// newHandler returns the handler of a function. It panics, and says which type it
// wants, if the function has another one.
func newHandler(event string, f any) *handler {
	complain := func(what string) {
		panic(fmt.Sprintf("sessions: the handler of event %q %s; want func(socketio.Conn, *plugin.Session, arguments...) results..., have %T", event, what, f))
	}
	fn := reflect.ValueOf(f)
	if fn.Kind() != reflect.Func {
		complain("is not a function")
	}
	if fn.IsNil() {
		complain("is nil")
	}
	t := fn.Type()
	switch {
	case t.NumIn() < 1 || t.In(0) != connType:
		complain("does not take a socketio.Conn first")
	case t.NumIn() < 2 || t.In(1) != sessionType:
		complain("does not take a *plugin.Session second")
	case t.IsVariadic():
		complain("is variadic")
	}
	var inputs []reflect.Type
	for i := 2; i < t.NumIn(); i++ {
		inputs = append(inputs, t.In(i))
	}
	takes, err := arguments.NewList(inputs)
	if err != nil {
		complain(err.Error())
	}
	h := &handler{fn: fn, takes: takes, results: t.NumOut()}
	for i := range t.NumOut() {
		switch last := i == t.NumOut()-1; {
		case t.Out(i) == errorType && last:
			h.fails = true
			h.results--
		case t.Out(i).Implements(errorType):
			complain(fmt.Sprintf("returns an error, %v, that is not its last result or not of type error", t.Out(i)))
		default:
			h.doubts = append(h.doubts, !encodes(t.Out(i)))
		}
	}
	return h
}

// encodes reports whether every value of a type surely encodes as JSON. Values of other
// types are tried.
func encodes(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Bool, reflect.String,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return !t.Implements(marshalerType) && !t.Implements(textMarshalerType)
	}
	return false
}

// An invocation is one call of a handler, for one event.
type invocation struct {
	handler *handler
	in      []arguments.Argument // as they came
	strict  Strictness           // set by run
	out     []any                // the results

	roomIn  [3]arguments.Argument // for in
	roomOut [1]any                // for out
}

// came returns an empty list that the arguments will be in: as many as the handler takes,
// and one more.
func (i *invocation) came() []arguments.Argument {
	n := i.handler.takes.Len() + 1
	if n > len(i.roomIn) {
		return make([]arguments.Argument, 0, n)
	}
	return i.roomIn[:0:n]
}

// results returns the list that n results will be in.
func (i *invocation) results(n int) []any {
	i.out = i.roomOut[:min(n, len(i.roomOut))]
	if n > len(i.roomOut) {
		i.out = make([]any, n)
	}
	return i.out
}

// answers returns how many values an acknowledgement has.
func (h *handler) answers() int {
	if h.fails && h.results == 0 {
		return 1 // null or a failure
	}
	return h.results
}

// invoke returns the answer of a call with what follows the name in an event's array.
func (h *handler) invoke(args string, attachments [][]byte, run func(*invocation) *Refusal) (answers []any, why *Refusal) {
	called := &invocation{handler: h}
	called.in = arguments.Parse(called.came(), args, attachments)
	return called.answer(run)
}

// answer has run make the call, and returns what to acknowledge: the results, or why there
// are none.
func (i *invocation) answer(run func(*invocation) *Refusal) (answers []any, why *Refusal) {
	answers = i.results(i.handler.answers())
	if why = run(i); why != nil {
		answers = failed(why, len(answers))
	}
	return answers, why
}

// adapt returns the function that go-socket.io calls, and whose results it acknowledges. It
// has run make the call. If run returns a Refusal, that is acknowledged instead.
func (h *handler) adapt(run func(socketio.Conn, *invocation) *Refusal) any {
	n := h.answers()
	form := reflect.FuncOf(append([]reflect.Type{connType}, h.takes.Inputs()...), slices.Repeat([]reflect.Type{anyType}, n), false)
	return reflect.MakeFunc(form, func(in []reflect.Value) []reflect.Value {
		c, called := in[0].Interface().(socketio.Conn), &invocation{handler: h, in: arguments.Decoded(in[1:])}
		answers, _ := called.answer(func(called *invocation) *Refusal { return run(c, called) })
		out := make([]reflect.Value, n)
		for i := range out {
			out[i] = reflect.ValueOf(&answers[i]).Elem() // of type any, as form declares it
		}
		return out
	}).Interface()
}

// failed returns the results of an event that failed: n of them, but at least one.
func failed(why *Refusal, n int) []any {
	results := make([]any, max(n, 1))
	results[0] = acknowledgement(why)
	return results
}

// call decodes the arguments, calls the app's function and keeps its results.
func (i *invocation) call(s *Session) error {
	h := i.handler
	var room [8]reflect.Value // enough for most handlers, and on the stack
	args := append(room[:0], reflect.ValueOf(&s.client.handed).Elem(), reflect.ValueOf(s))
	args, err := h.takes.Append(args, i.in, bool(i.strict))
	if err != nil {
		return err
	}
	results := h.fn.Call(args)
	if h.fails {
		last := len(results) - 1
		if err, _ := results[last].Interface().(error); err != nil {
			return err
		}
		results = results[:last]
	}
	for n, result := range results {
		value := result.Interface()
		if h.doubts[n] {
			// go-socket.io would encode it in a goroutine of its own: after the
			// changes are kept, and where a panic ends the process.
			if _, err := json.Marshal(value); err != nil {
				return fmt.Errorf("sessions: encode the result: %w", err)
			}
		}
		i.out[n] = value
	}
	return nil
}
