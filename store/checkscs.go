package store

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/alexedwards/scs/v2"
)

// CheckSCS tests what this package and package plugin rely on and SCS does not
// document: where it keeps its data in a context, that the stack shows why it deletes a
// session, and which map it passes to its codec. The error names what is not as
// expected, with another release of SCS or in a build that hides the stack. CheckSCS
// works on a copy of the manager, and does not call its store. plugin.Enable calls it;
// a node that only serves HTTP may call it before it serves.
func CheckSCS(manager *scs.SessionManager) error {
	r := newSCSRecorder(manager)
	err := errors.Join(
		r.checkKey(),
		r.checkCaller("RenewToken", callsRenewToken, r.manager.RenewToken),
		r.checkCaller("Destroy", callsDestroy, r.manager.Destroy),
		r.checkCaller("MergeSession", callsMergeSession, func(ctx context.Context) error { return r.manager.MergeSession(ctx, "other") }),
		r.checkMap(func(ctx context.Context) error { _, _, err := r.manager.Commit(ctx); return err }),
	)
	if err != nil {
		return fmt.Errorf("store: this release or build of SCS is not as expected: %w", err)
	}
	return nil
}

// An scsRecorder is the store and the codec of a manager. It records what SCS calls them
// with.
type scsRecorder struct {
	manager        scs.SessionManager
	found, deleted scsMethod // what called the store last
	decoded        map[string]any
	encode         func(values map[string]any)
}

func newSCSRecorder(manager *scs.SessionManager) *scsRecorder {
	r := &scsRecorder{manager: *manager}
	r.manager.Store, r.manager.Codec = r, r
	return r
}

const notCalled scsMethod = -1

func (r *scsRecorder) load() context.Context {
	ctx, err := r.manager.Load(context.Background(), "token")
	if err != nil {
		panic(err) // neither store nor codec returns one
	}
	return ctx
}

func (r *scsRecorder) checkKey() error {
	key := contextKeyOf(&r.manager)
	data := r.load().Value(key)
	err := contain("check", func() error {
		ctx := context.WithValue(context.Background(), key, data)
		r.manager.Put(ctx, "k", true)
		if data == nil || !r.manager.GetBool(ctx, "k") || r.decoded["k"] != true {
			return errors.New("its data is elsewhere")
		}
		return nil
	})
	if err != nil {
		return errors.New("the key of its data in a context is another than Load asks for")
	}
	return nil
}

func (r *scsRecorder) checkCaller(name string, want scsMethod, call func(context.Context) error) error {
	ctx := r.load()
	r.found, r.deleted = notCalled, notCalled
	if err := call(ctx); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if r.deleted != want || want == callsMergeSession && r.found != want {
		return fmt.Errorf("the stack does not tell that %s calls the store", name)
	}
	return nil
}

// checkMap tests Commit: it must pass to the codec the very map that Load got, under the
// lock that Get takes. A lock that is held is always seen. Without one the outcome is
// that of a race, which a busy machine can hide.
func (r *scsRecorder) checkMap(commit func(context.Context) error) error {
	ctx, open := r.load(), false
	r.encode = func(values map[string]any) {
		values["encoding"] = true
		calling, got := make(chan struct{}), make(chan struct{})
		go func() { // ends when Commit has returned, at the latest
			close(calling)
			r.manager.Get(ctx, "encoding")
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
	r.encode = nil
	r.manager.Put(ctx, "later", true)
	switch {
	case err != nil:
		return fmt.Errorf("Commit: %w", err)
	case r.decoded["encoding"] != true || r.decoded["later"] != true || !r.manager.GetBool(ctx, "encoding"):
		return errors.New("Commit does not hand the codec the map that it got from it")
	case open:
		return errors.New("Commit does not hold its lock while it calls the codec")
	}
	return nil
}

// Find implements scs.Store: every session is there.
func (r *scsRecorder) Find(string) ([]byte, bool, error) {
	r.found = scsCaller()
	return nil, true, nil
}

// Commit implements scs.Store.
func (r *scsRecorder) Commit(string, []byte, time.Time) error { return nil }

// Delete implements scs.Store.
func (r *scsRecorder) Delete(string) error {
	r.deleted = scsCaller()
	return nil
}

// Decode implements scs.Codec.
func (r *scsRecorder) Decode([]byte) (time.Time, map[string]any, error) {
	r.decoded = make(map[string]any)
	return time.Now().Add(time.Hour), r.decoded, nil
}

// Encode implements scs.Codec.
func (r *scsRecorder) Encode(_ time.Time, values map[string]any) ([]byte, error) {
	if r.encode != nil {
		r.encode(values)
	}
	return nil, nil
}
