package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// readForm returns the form in the body, of either encoding; the wanted field
// must not be empty.
func readForm(w http.ResponseWriter, r *http.Request, wanted string) (url.Values, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return nil, err
	}
	if err := r.ParseMultipartForm(maxForm); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return nil, err
	}
	if r.PostForm.Get(wanted) == "" {
		return nil, fmt.Errorf("%s is missing", wanted)
	}
	return r.PostForm, nil
}

// parseDelay reads a duration; an empty text is none.
func parseDelay(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	delay, err := time.ParseDuration(text)
	if err == nil && (delay < 0 || delay > maxDelay) {
		err = fmt.Errorf("delay %v: want 0 to %v", delay, maxDelay)
	}
	return delay, err
}
