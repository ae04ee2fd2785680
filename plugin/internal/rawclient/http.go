package rawclient

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"
)

// An Answer is what HTTP brings, read to its end.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Request makes a request and returns the answer. It fails the test if there is
// none in Patience. It also works in Cleanup.
func Request(tb testing.TB, client *http.Client, method, address string, header http.Header, body string) Answer {
	tb.Helper()
	answer, err := request(tb, Patience, client, method, address, header, []byte(body))
	if err != nil {
		tb.Fatal(err)
	}
	return answer
}

// request is Request with an error, which is always an *url.Error.
func request(tb testing.TB, patience time.Duration, client *http.Client, method, address string, header http.Header, body []byte) (Answer, error) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), patience)
	defer cancel()
	failed := func(err error) error { return &url.Error{Op: method, URL: address, Err: err} }
	r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return Answer{}, failed(err)
	}
	if header != nil {
		r.Header = header.Clone()
	}
	if client == nil {
		client = http.DefaultClient
	}
	response, err := client.Do(r)
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		return Answer{}, failed(err)
	}
	return Answer{response.StatusCode, response.Header, string(b)}, nil
}

// Poll makes one GET and returns what it brings. Several goroutines may.
func (c *Client) Poll() ([]Packet, error) {
	body, err := c.exchange(c.idle(), http.MethodGet, c.Header, nil)
	if err != nil {
		return nil, err
	}
	packets, err := ParsePayload(body, c.Version)
	if err != nil {
		return nil, &url.Error{Op: http.MethodGet, URL: c.Address(), Err: err}
	}
	return packets, nil
}

// Post sends any body.
func (c *Client) Post(body []byte, contentType string) error {
	header := c.Header.Clone()
	if header == nil {
		header = http.Header{}
	}
	header.Set("Content-Type", contentType)
	_, err := c.exchange(c.patience(), http.MethodPost, header, body)
	return err
}

func (c *Client) exchange(patience time.Duration, method string, header http.Header, body []byte) (string, error) {
	answer, err := request(c.TB, patience, c.HTTP, method, c.Address(), header, body)
	if err == nil && answer.Status != http.StatusOK {
		err = &StatusError{answer.Status, answer.Body}
	}
	return answer.Body, err
}
