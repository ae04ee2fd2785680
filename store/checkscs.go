package store

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/alexedwards/scs/v2"
)

// ContextKey returns the key under which the manager's session data is in a
// context, which SCS keeps to itself.
func (c *Core) ContextKey() any { return c.contextKey }

// contextKeyOf returns the key under which a manager finds its data of a session
// in a context.
func contextKeyOf(manager *scs.SessionManager) any {
	probe := &keyProbe{Context: context.Background()}
	// Load asks the context for the key first, and nothing else for no token.
	_, _ = manager.Load(probe, "")
	return probe.key
}

// keyProbe remembers the last key that it was asked for.
type keyProbe struct {
	context.Context
	key any
}

func (p *keyProbe) Value(key any) any {
	p.key = key
	return nil
}

// CheckSCS tries what this package and plugin rely on beyond what SCS documents:
// where it keeps its data in a context, that the stack tells why it deletes a
// session, and which map it hands its codec. The error names what is not as
// expected, as with another release of SCS or a build that hides the stack. It
// works on a copy of the manager and leaves its store alone.
func CheckSCS(manager *scs.SessionManager) error {
	i := newInsides(manager)
	err := errors.Join(
		i.checkKey(),
		i.checkCause("RenewToken", causeRenew, i.manager.RenewToken),
		i.checkCause("Destroy", causeDestroy, i.manager.Destroy),
		i.checkCause("MergeSession", causeMerge, func(ctx context.Context) error { return i.manager.MergeSession(ctx, "other") }),
		i.checkMap(func(ctx context.Context) error { _, _, err := i.manager.Commit(ctx); return err }),
	)
	if err != nil {
		return fmt.Errorf("store: this release or build of SCS is not as expected: %w", err)
	}
	return nil
}

// insides is the store and the codec of a manager, to see what they are called
// with.
type insides struct {
	manager        scs.SessionManager
	found, deleted cause // seen by the last calls
	decoded        map[string]any
	encode         func(values map[string]any)
}

func newInsides(manager *scs.SessionManager) *insides {
	i := &insides{manager: *manager}
	i.manager.Store, i.manager.Codec = i, i
	return i
}

const notSeen cause = -1

func (i *insides) load() context.Context {
	ctx, err := i.manager.Load(context.Background(), "token")
	if err != nil {
		panic(err) // neither store nor codec returns one
	}
	return ctx
}

func (i *insides) checkKey() error {
	key := contextKeyOf(&i.manager)
	data := i.load().Value(key)
	err := contain("check", func() error {
		ctx := context.WithValue(context.Background(), key, data)
		i.manager.Put(ctx, "k", true)
		if data == nil || !i.manager.GetBool(ctx, "k") || i.decoded["k"] != true {
			return errors.New("its data is elsewhere")
		}
		return nil
	})
	if err != nil {
		return errors.New("the key of its data in a context is another than Load asks for")
	}
	return nil
}

func (i *insides) checkCause(name string, want cause, call func(context.Context) error) error {
	ctx := i.load()
	i.found, i.deleted = notSeen, notSeen
	if err := call(ctx); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if i.deleted != want || want == causeMerge && i.found != want {
		return fmt.Errorf("the stack does not tell that %s calls the store", name)
	}
	return nil
}

// checkMap looks at Commit: the codec must be given the very map that Load was
// given, under the lock that Get takes. Where there is no lock that is seen by a
// race, which a busy machine can hide; one that is held is always seen.
func (i *insides) checkMap(commit func(context.Context) error) error {
	ctx, open := i.load(), false
	i.encode = func(values map[string]any) {
		values["encoding"] = true
		calling, got := make(chan struct{}), make(chan struct{})
		go func() { // ends when Commit has returned, at the latest
			close(calling)
			i.manager.Get(ctx, "encoding")
			close(got)
		}()
		<-calling
		for range 5_000 { // no clock: it may be a test's, and stand still
			runtime.Gosched()
			select {
			case <-got:
				open = true
				return
			default:
			}
		}
	}
	err := commit(ctx)
	i.encode = nil
	i.manager.Put(ctx, "later", true)
	switch {
	case err != nil:
		return fmt.Errorf("Commit: %w", err)
	case i.decoded["encoding"] != true || i.decoded["later"] != true || !i.manager.GetBool(ctx, "encoding"):
		return errors.New("Commit does not hand the codec the map that it got from it")
	case open:
		return errors.New("Commit does not hold its lock while it calls the codec")
	}
	return nil
}

// Find implements scs.Store: every session is there.
func (i *insides) Find(string) ([]byte, bool, error) {
	i.found = callCause()
	return nil, true, nil
}

// Commit implements scs.Store.
func (i *insides) Commit(string, []byte, time.Time) error { return nil }

// Delete implements scs.Store.
func (i *insides) Delete(string) error {
	i.deleted = callCause()
	return nil
}

// Decode implements scs.Codec.
func (i *insides) Decode([]byte) (time.Time, map[string]any, error) {
	i.decoded = make(map[string]any)
	return time.Now().Add(time.Hour), i.decoded, nil
}

// Encode implements scs.Codec.
func (i *insides) Encode(_ time.Time, values map[string]any) ([]byte, error) {
	if i.encode != nil {
		i.encode(values)
	}
	return nil, nil
}
