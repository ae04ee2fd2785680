package store_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// A Node is what an app runs in one process: a manager, and its Store on the backend. It
// does what the model tells it, in the model's process or in another. For that its names
// are exported.
type Node struct {
	manager  *scs.SessionManager
	attached *store.Store
	store    *store.Core
	holders  sync.Map // who holds a session, by name
}

// A Command is one thing for a node to do. Do decides which of the fields matter.
type Command struct {
	Do      string // login, read, open, step, or one of ends
	Token   string
	Name    string         // open, step: of the holder
	Kind    string         // open: one of kinds
	Changes map[string]int // step: the values, 0 to remove one
	Mark    int            // ends: what a renewal puts as well
}

// An Answer is the result of a Command.
type Answer struct {
	Live    bool           // read, open: there is a session
	Values  map[string]int // read, open: what it holds
	Token   string         // login, ends: the new one
	Outcome string         // step
}

// The outcomes of a step.
const (
	acked = "acknowledged"
	maybe = "acknowledged, but dropped if the session had just ended"
	gone  = "refused: there is no session"
)

// A holder holds a session and changes it now and then.
type holder func(changes map[string]int) (outcome string, err error)

func newNode(backend store.Backend) *Node {
	manager := scs.New()
	attached := store.Attach(manager, backend, store.Options{})
	return &Node{manager: manager, attached: attached, store: attached.Core()}
}

// Serve executes a command.
func (n *Node) Serve(c Command, a *Answer) (err error) {
	switch c.Do {
	case "login":
		a.Token, err = n.login()
	case "read":
		a.Values, err = n.read(c.Token)
		a.Live = a.Values != nil
	case "open":
		*a, err = n.open(c)
	case "step":
		h, _ := n.holders.Load(c.Name)
		a.Outcome, err = h.(holder)(c.Changes)
	default:
		a.Token, err = ends[c.Do](n, c.Token, c.Mark)
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", c.Do, c.Kind, err)
	}
	return nil
}

func (n *Node) login() (token string, err error) {
	ctx, err := n.manager.Load(store.Begin(context.Background()), "")
	if err != nil {
		return "", err
	}
	n.manager.Put(ctx, "login", 1)
	token, _, err = n.manager.Commit(ctx)
	return token, err
}

// read returns nil where there is no session.
func (n *Node) read(token string) (map[string]int, error) {
	found, _, ok, err := n.store.Load(context.Background(), n.store.Key(token), nil)
	if err != nil || !ok {
		return nil, err
	}
	values := make(map[string]int)
	for key, value := range found.Values {
		values[key] = value.(int)
	}
	return values, nil
}

func (n *Node) open(c Command) (Answer, error) {
	values, err := n.read(c.Token)
	if err != nil || values == nil {
		return Answer{}, err
	}
	h, err := kinds[c.Kind](n, c.Token)
	if err != nil || h == nil {
		return Answer{}, err
	}
	n.holders.Store(c.Name, h)
	return Answer{Live: true, Values: values}, nil
}

// kinds open a session; they return nil if there is none.
var kinds = map[string]func(n *Node, token string) (holder, error){
	"transaction":   (*Node).transaction,
	"socket":        (*Node).socket,
	"snapshots":     (*Node).snapshots,
	"request":       (*Node).requests,
	"stock request": (*Node).stockRequests,
}

// transaction is a long request with several commits.
func (n *Node) transaction(token string) (holder, error) {
	ctx, err := n.manager.Load(store.Begin(context.Background()), token)
	if err != nil || n.manager.Token(ctx) == "" {
		return nil, err
	}
	return func(changes map[string]int) (string, error) {
		n.put(ctx, changes)
		_, _, err := n.manager.Commit(ctx)
		return outcome(err)
	}, nil
}

// socket is the same, with the transaction of a socket.
func (n *Node) socket(token string) (holder, error) {
	held := new(heldAt)
	ctx, err := n.manager.Load(n.store.BeginSocket(context.Background(), n.store.Key(token), token, held), token)
	if err != nil || n.manager.Token(ctx) == "" {
		return nil, err
	}
	values := make(map[string]any)
	for _, key := range n.manager.Keys(ctx) {
		values[key] = n.manager.Get(ctx, key)
	}
	if held.base, err = n.store.Encode(n.manager.Deadline(ctx), values); err != nil {
		return nil, err
	}
	return func(changes map[string]int) (string, error) {
		n.put(ctx, changes)
		_, _, err := n.manager.Commit(ctx)
		return outcome(err)
	}, nil
}

// snapshots is a socket that saves its snapshot, and goes on from what Save returns.
func (n *Node) snapshots(token string) (holder, error) {
	ctx, key := context.Background(), n.store.Key(token)
	base, _, ok, err := n.store.Load(ctx, key, nil)
	if err != nil || !ok {
		return nil, err
	}
	return func(changes map[string]int) (string, error) {
		values := maps.Clone(base.Values)
		for key, value := range changes {
			if values[key] = value; value == 0 {
				delete(values, key)
			}
		}
		mine, err := n.store.Encode(base.Deadline, values)
		if err != nil {
			return "", err
		}
		held, err := n.store.Save(ctx, store.Commit{Key: key, Base: base, Mine: mine, Used: time.Now()})
		if err == nil {
			base = held
		}
		return outcome(err)
	}, nil
}

func outcome(err error) (string, error) {
	switch {
	case err == nil:
		return acked, nil
	case errors.Is(err, store.ErrGone):
		return gone, nil
	}
	return "", err
}

func (n *Node) requests(token string) (holder, error) {
	return n.browser(token, n.attached.LoadAndSave, acked), nil
}

// stockRequests go through the manager's own LoadAndSave. A request does not learn that
// the session has ended; the next one does, by another cookie.
func (n *Node) stockRequests(token string) (holder, error) {
	return n.browser(token, n.manager.LoadAndSave, maybe), nil
}

func (n *Node) browser(token string, middleware func(http.Handler) http.Handler, done string) holder {
	return func(changes map[string]int) (string, error) {
		cookie, err := n.request(token, middleware, func(ctx context.Context) error {
			n.put(ctx, changes)
			return nil
		})
		if err != nil {
			return "", err
		}
		if cookie != token {
			return gone, nil
		}
		return done, nil
	}
}

// request runs page as an HTTP request, and returns the cookie that this sets.
func (n *Node) request(token string, middleware func(http.Handler) http.Handler, page func(context.Context) error) (cookie string, err error) {
	handler := middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		n.store.SendCookie(r.Context()) // shows whether the commit was refused
		err = page(r.Context())
	}))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel() // as net/http does
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
	r.AddCookie(&http.Cookie{Name: n.manager.Cookie.Name, Value: token})
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	if err == nil && w.Code != http.StatusOK {
		err = fmt.Errorf("status %d", w.Code)
	}
	for _, set := range w.Result().Cookies() {
		cookie = set.Value
	}
	return cookie, err
}

func (n *Node) put(ctx context.Context, changes map[string]int) {
	for key, value := range changes {
		if value == 0 {
			n.manager.Remove(ctx, key)
		} else {
			n.manager.Put(ctx, key, value)
		}
	}
}
