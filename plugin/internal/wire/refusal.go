package wire

import "encoding/json"

// A refused is the reason why a client was refused for good.
type refused struct {
	message string
	data    json.RawMessage
}

// refusalText returns an ERROR packet for version 3, and a CONNECT_ERROR packet for
// version 4. In the latter, data that are no JSON become "".
func refusalText(version int, namespace, message string, data json.RawMessage) string {
	text, err := json.Marshal(message)
	if err == nil && version == 4 {
		text, err = json.Marshal(struct {
			Message string          `json:"message"`
			Data    json.RawMessage `json:"data,omitempty"`
		}{message, data})
	} else if data != nil {
		text = data
	}
	if err != nil {
		text = []byte(`""`)
	}
	return "4" + prefix(kindError, namespace) + string(text)
}
