package wire

import (
	"crypto/tls"
	"net/http"
	"net/url"
)

// A handshake is what may be asked of the request that opened a connection, for
// as long as that lives: not the request with all that hangs on it.
type handshake struct {
	url    *url.URL
	host   string
	header http.Header
	remote string
	tls    *tls.ConnectionState
}

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
