package wire

import (
	"crypto/tls"
	"net/http"
	"net/url"
)

// A handshake keeps the useful parts of the request that opened a connection. The
// request itself would keep much more memory alive.
type handshake struct {
	url    *url.URL
	host   string
	header http.Header
	remote string
	tls    *tls.ConnectionState
}

// handshakeOf returns the handshake of a request.
func handshakeOf(r *http.Request) handshake {
	header := r.Header.Clone()
	stripAuth(header)
	return handshake{r.URL, r.Host, header, r.RemoteAddr, r.TLS}
}

// request returns the handshake as a request with the given header.
func (h *handshake) request(header http.Header) *http.Request {
	return &http.Request{
		Method: http.MethodGet, URL: h.url, Host: h.host, Header: header, RemoteAddr: h.remote, TLS: h.tls,
	}
}
