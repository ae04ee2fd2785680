package plugintest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// values are the arguments of an event or of an acknowledgement.
type values struct {
	json  []json.RawMessage // with placeholders
	bytes [][]byte
}

// String returns them as a JSON array. An attachment shows as its bytes in base64.
func (v values) String() string {
	var all []string
	for i := range v.json {
		all = append(all, string(v.plain(i)))
	}
	return "[" + strings.Join(all, ",") + "]"
}

// equal reports whether v are the wanted ones, compared as JSON.
func (v values) equal(want []any) (bool, error) {
	data, attachments, err := marshal(want)
	if err != nil {
		return false, err
	}
	have, _ := json.Marshal(v.json) // it was parsed
	if v.json == nil {
		have = []byte("[]")
	}
	var a, b any
	if json.Unmarshal(data, &a) != nil || json.Unmarshal(have, &b) != nil {
		return false, nil
	}
	same := reflect.DeepEqual(a, b) && len(attachments) == len(v.bytes)
	for i := range attachments {
		same = same && string(attachments[i]) == string(v.bytes[i])
	}
	return same, nil
}

// plain returns one value with base64 in place of its attachments, as encoding/json has
// a []byte.
func (v values) plain(i int) json.RawMessage {
	if len(v.bytes) == 0 {
		return v.json[i]
	}
	var tree any
	if json.Unmarshal(v.json[i], &tree) != nil {
		return v.json[i]
	}
	b, err := json.Marshal(v.fill(tree))
	if err != nil {
		return v.json[i]
	}
	return b
}

// fill replaces the placeholders in a decoded value.
func (v values) fill(tree any) any {
	switch tree := tree.(type) {
	case []any:
		for i := range tree {
			tree[i] = v.fill(tree[i])
		}
	case map[string]any:
		if n, ok := tree["num"].(float64); ok && tree["_placeholder"] == true && n >= 0 && int(n) < len(v.bytes) {
			return base64.StdEncoding.EncodeToString(v.bytes[int(n)])
		}
		for key := range tree {
			tree[key] = v.fill(tree[key])
		}
	}
	return tree
}

// shown returns what a test sends or wants, as messages show it.
func shown(args []any) values {
	data, attachments, err := marshal(args)
	v := values{bytes: attachments}
	if err != nil || json.Unmarshal(data, &v.json) != nil {
		return values{json: []json.RawMessage{json.RawMessage(fmt.Sprint(args...))}}
	}
	return v
}
