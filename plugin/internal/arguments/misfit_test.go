package arguments_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/googollee/go-socket.io/parser"
)

type (
	base struct{ Age int }
	Base struct {
		Age int `json:"age"`
	}
	withBase struct{ Base }
	within   struct{ base }
	quoted   struct {
		Age int `json:"age,string"`
	}
	meeting struct {
		When   time.Time `json:"when"`
		Public bool      `json:"public"`
	}
	own   struct{}
	outer struct {
		Item own `json:"item"`
	}
)

func (*own) UnmarshalJSON(b []byte) error {
	var in struct{ Inner int }
	return json.Unmarshal(b, &in)
}

// What a client hears of an argument that does not fit is true, and names no Go type.
func TestMisfit(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		of         reflect.Type
		text, want string
	}{
		{reflect.TypeFor[withBase](), `{"age":"x"}`, "Argument 1 (age) is not a whole number of the right size."},
		{reflect.TypeFor[within](), `{"Age":"x"}`, "Argument 1 (Age) is not a whole number of the right size."},
		{reflect.TypeFor[quoted](), `{"age":"x"}`, "Argument 1 has a wrong form."},
		{reflect.TypeFor[meeting](), `{"when":"tomorrow"}`, "Argument 1 has a wrong form."},
		{reflect.TypeFor[meeting](), `{"public":1}`, "Argument 1 (public) is not true or false."},
		{reflect.TypeFor[[]meeting](), `[{"public":1}]`, "Argument 1 (public) is not true or false."},
		{reflect.TypeFor[outer](), `{"item":{"Inner":"x"}}`, "Argument 1 (item.Inner) is not a whole number of the right size."},
		{reflect.TypeFor[[]int](), `[1,"x"]`, "Something in argument 1 is not a whole number of the right size."},
		{reflect.TypeFor[[]int](), `{"a":1}`, "Argument 1 is not an array."},
		{reflect.TypeFor[map[string]int](), `{"a":"x"}`, "Something in argument 1 is not a whole number of the right size."},
		{reflect.TypeFor[map[int]string](), `{"a":"x"}`, "Something in argument 1 is not a whole number of the right size."},
		{reflect.TypeFor[[]byte](), `7`, "Argument 1 is not a text in base64."},
		{reflect.TypeFor[[]byte](), `"!!"`, "Argument 1 is not a text in base64."},
		{reflect.TypeFor[json.Number](), `"abc"`, "Argument 1 is not a number."},
		{reflect.TypeFor[json.Number](), `true`, "Argument 1 is not a number."},
		{reflect.TypeFor[time.Time](), `"tomorrow"`, "Argument 1 has a wrong form."},
		{reflect.TypeFor[parser.Buffer](), `"x"`, "Argument 1 is not binary data."},
		{reflect.TypeFor[[]parser.Buffer](), `["x"]`, "Argument 1 is not binary data."},
		{reflect.TypeFor[int8](), `300`, "Argument 1 is not a whole number of the right size."},
		{reflect.TypeFor[uint](), `-1`, "Argument 1 is not a whole number of the right size."},
		{reflect.TypeFor[*int](), `"x"`, "Argument 1 is not a whole number of the right size."},
		{reflect.TypeFor[any](), `1e999`, "Argument 1 is not a number."},
	} {
		if _, err := decode(t, row.of, row.text); err == nil || err.Error() != row.want {
			t.Errorf("%s into %v: got %v, want %s", row.text, row.of, err, row.want)
		}
	}
}
