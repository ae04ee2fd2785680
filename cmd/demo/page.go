package main

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

// Where there is no socket.io.js to serve, the page takes this one. The hash
// is that of the npm copy's dist/socket.io.js.
const (
	cdnClient    = "https://cdn.jsdelivr.net/npm/socket.io-client@2.5.0/dist/socket.io.js"
	cdnIntegrity = "sha384-tqdl9kmEvVoNmc1VEJOAh6MHoXRyDLu9H57pwBSQghqNF4NbG7DEA6Pj7oVleGOn"
)

var (
	//go:embed page/index.html
	pageHTML string
	//go:embed page/base.css
	baseStyle string
	//go:embed page/stage.css
	stageStyle string
)

// page is the same for everyone: what differs between visitors is fetched by
// its script. Style and script are inside, allowed by their hashes.
type page struct {
	body   []byte
	policy string
}

func pageStyle() string { return baseStyle + stageStyle }

// pageScripts are the page's own, in their order.
func pageScripts() ([]template.JS, error) {
	var scripts []template.JS
	for _, name := range []string{"talk", "client", "values", "devices", "chat", "places", "app"} {
		source, err := sources.ReadFile("page/" + name + ".js")
		if err != nil {
			return nil, err
		}
		scripts = append(scripts, template.JS(source)) //nolint:gosec // it is a file of this folder
	}
	return scripts, nil
}

// newPage renders the page for these settings.
func newPage(config config, storeName string, ownClient bool) (*page, error) {
	scripts, err := pageScripts()
	if err != nil {
		return nil, fmt.Errorf("page: %w", err)
	}
	fields := map[string]any{
		"Style":     template.CSS(pageStyle()), //nolint:gosec // it is a file of this folder
		"Scripts":   scripts,
		"Path":      config.path,
		"Namespace": pageNamespace,
		"Scope":     scopeName(config),
		"Store":     storeName,
		"Idle":      "",
		"Lifetime":  spoken(config.lifetime),
		"Faults":    config.faults,
		"Client":    config.path + "/socket.io.js",
		"Integrity": "",
		"Addr":      config.addr,
		"Command":   nodeCommand(config),
	}
	if config.idle > 0 {
		fields["Idle"] = spoken(config.idle)
	}
	if !ownClient {
		fields["Client"], fields["Integrity"] = cdnClient, cdnIntegrity
	}
	html, err := template.New("page").Funcs(template.FuncMap{"code": cut}).Parse(pageHTML)
	if err != nil {
		return nil, fmt.Errorf("page: %w", err)
	}
	var body bytes.Buffer
	if err := html.Execute(&body, fields); err != nil {
		return nil, fmt.Errorf("page: %w", err)
	}
	return &page{body.Bytes(), contentPolicy(scripts, ownClient)}, nil
}

func scopeName(config config) string {
	if config.scope == plugin.PerMessage {
		return "message"
	}
	return "connection"
}

// nodeCommand starts a server like this one on Redis, but for its address, which follows.
func nodeCommand(config config) string {
	command := "go run ./cmd/demo -store " + redisAddress(config.store)
	if config.scope == plugin.PerMessage {
		command += " -scope message"
	}
	if config.path != "/socket.io" {
		command += " -path " + config.path
	}
	return command + " -addr "
}

// redisAddress is that of the store, without its password, or where Redis is by default.
func redisAddress(store string) string {
	where, err := url.Parse(store)
	if err != nil || where.Host == "" {
		return "redis://127.0.0.1:6379/0"
	}
	if where.User != nil {
		where.User = url.UserPassword(where.User.Username(), "PASSWORD")
	}
	where.RawQuery = ""
	return where.String()
}

// spoken is 24h for what d.String calls 24h0m0s.
func spoken(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// contentPolicy allows what the page is made of, and nothing else.
func contentPolicy(own []template.JS, ownClient bool) string {
	scripts := "'self'"
	for _, script := range own {
		scripts += " " + hashOf(string(script))
	}
	if !ownClient {
		scripts += " " + cdnClient
	}
	return strings.Join([]string{
		"default-src 'none'",
		"script-src " + scripts,
		"style-src " + hashOf(pageStyle()),
		"connect-src 'self'",
		"img-src data:",
		"form-action 'self'",
		"base-uri 'none'",
		"frame-ancestors 'none'",
	}, "; ")
}

func hashOf(source string) string {
	hash := sha256.Sum256([]byte(source))
	return "'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) + "'"
}

func (p *page) write(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", p.policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-cache")
	_, _ = w.Write(p.body)
}
