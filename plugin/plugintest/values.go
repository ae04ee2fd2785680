package plugintest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
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

// equal reports whether v are the wanted ones, compared as JSON: a []byte is an attachment,
// inside another argument the text that encoding/json makes of it.
func (v values) equal(want []any) (bool, error) {
	same := len(want) == len(v.json)
	for i, arg := range want {
		data, err := json.Marshal(arg)
		if err != nil {
			return false, err
		}
		if !same {
			continue // other arguments may not encode
		}
		_, binary := arg.([]byte)
		same = binary == v.isAttachment(i) && sameJSON(data, v.plain(i))
	}
	return same, nil
}

// isAttachment reports whether an argument is binary as a whole.
func (v values) isAttachment(i int) bool {
	var p placeholder
	return len(v.bytes) > 0 && json.Unmarshal(v.json[i], &p) == nil && p.Placeholder
}

// plain returns one value with base64 in place of its attachments, as encoding/json has
// a []byte.
func (v values) plain(i int) json.RawMessage {
	if len(v.bytes) == 0 {
		return v.json[i]
	}
	tree, err := decode(v.json[i])
	if err != nil {
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
		number, _ := tree["num"].(json.Number)
		if n, err := strconv.Atoi(number.String()); err == nil && tree["_placeholder"] == true && n >= 0 && n < len(v.bytes) {
			return base64.StdEncoding.EncodeToString(v.bytes[n])
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
