package store_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// renewals and destroys end a session, and attempts must change nothing; ends are all of
// them. A renewal returns the new token.
var (
	renewals = []string{"renew", "renew in a request", "renew in a stock request"}
	destroys = []string{"destroy", "destroy in a request", "destroy in a stock request", "destroy by a socket", "end"}
	attempts = []string{"renew by a socket"}

	ends = map[string]func(n *Node, token string, mark int) (renewed string, err error){
		"renew":                      (*Node).renew,
		"renew in a request":         (*Node).renewInRequest,
		"renew in a stock request":   (*Node).renewInStockRequest,
		"renew by a socket":          (*Node).renewBySocket,
		"destroy":                    (*Node).destroy,
		"destroy in a request":       (*Node).destroyInRequest,
		"destroy in a stock request": (*Node).destroyInStockRequest,
		"destroy by a socket":        (*Node).destroyBySocket,
		"end":                        (*Node).end,
	}
)

func (n *Node) renew(token string, mark int) (string, error) {
	ctx, err := n.manager.Load(store.Begin(context.Background()), token)
	if err == nil {
		err = n.renewIn(ctx, mark)
	}
	if err != nil {
		return "", err
	}
	token, _, err = n.manager.Commit(ctx)
	return token, err
}

func (n *Node) renewIn(ctx context.Context, mark int) error {
	if n.manager.Token(ctx) == "" {
		return errors.New("there is no session")
	}
	n.manager.Put(ctx, "login", mark)
	return n.manager.RenewToken(ctx)
}

func (n *Node) renewInRequest(token string, mark int) (string, error) {
	return n.renewBehind(n.attached.LoadAndSave, token, mark)
}

func (n *Node) renewInStockRequest(token string, mark int) (string, error) {
	return n.renewBehind(n.manager.LoadAndSave, token, mark)
}

func (n *Node) renewBehind(middleware func(http.Handler) http.Handler, token string, mark int) (string, error) {
	return n.request(token, middleware, func(ctx context.Context) error { return n.renewIn(ctx, mark) })
}

// renewBySocket is refused: a socket cannot set a cookie.
func (n *Node) renewBySocket(token string, _ int) (string, error) {
	ctx, err := n.socketContext(token)
	if err != nil {
		return "", err
	}
	if err := n.manager.RenewToken(ctx); !errors.Is(err, store.ErrNoCookie) {
		return "", fmt.Errorf("it was not refused: %w", err)
	}
	return token, nil
}

func (n *Node) destroy(token string, _ int) (string, error) {
	ctx, err := n.manager.Load(store.Begin(context.Background()), token)
	if err != nil {
		return "", err
	}
	return "", n.manager.Destroy(ctx)
}

func (n *Node) destroyInRequest(token string, _ int) (string, error) {
	return n.request(token, n.attached.LoadAndSave, n.manager.Destroy)
}

func (n *Node) destroyInStockRequest(token string, _ int) (string, error) {
	return n.request(token, n.manager.LoadAndSave, n.manager.Destroy)
}

func (n *Node) destroyBySocket(token string, _ int) (string, error) {
	ctx, err := n.socketContext(token)
	if err != nil {
		return "", err
	}
	return "", n.manager.Destroy(ctx)
}

func (n *Node) socketContext(token string) (context.Context, error) {
	base, _, ok, err := n.store.Load(context.Background(), n.store.Key(token), nil)
	if err == nil && !ok {
		err = store.ErrGone
	}
	if err != nil {
		return nil, err
	}
	ctx := n.store.BeginSocket(context.Background(), n.store.Key(token), token, &heldAt{base, nil})
	return n.manager.Load(ctx, token)
}

func (n *Node) end(token string, _ int) (string, error) {
	return "", n.store.End(context.Background(), n.store.Key(token))
}
