package store_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
)

// actorSteps is how many changes each actor tries to make.
const actorSteps = 6

// An actor changes its own keys on one node, and knows what they must be. If the session
// was renewed, it goes on with the new token, as a browser does.
type actor struct {
	model  *model
	do     node
	random *rand.Rand
	kind   string
	name   string
	token  string
	acked  map[string]int
	maybe  map[string]int // a later state, which may have been dropped; nil for none

	commits, refused int
}

func newActor(m *model, kind, name string) *actor {
	return &actor{
		model: m, do: m.anyNode(), kind: kind, name: name,
		random: rand.New(rand.NewPCG(2, m.random.Uint64())),
		acked:  make(map[string]int),
	}
}

func (a *actor) act(t *testing.T) {
	t.Helper()
	for range actorSteps {
		next, changes := a.change()
		got, err := a.do(Command{Do: "step", Name: a.name, Kind: a.kind, Changes: changes})
		if err != nil {
			t.Error(err)
			return
		}
		a.model.steps <- struct{}{}
		switch got.Outcome {
		case acked:
			a.commits++
			a.acked = next
		case maybe: // then it was not dropped the last time
			a.commits++
			a.acked, a.maybe = a.present(), next
		case gone:
			a.refused++
			if !a.open(t) {
				return
			}
		}
	}
}

// open opens the session, and returns false if it was destroyed.
func (a *actor) open(t *testing.T) bool {
	t.Helper()
	for {
		token := a.model.cookie()
		if token == "" {
			return false
		}
		if token == a.token {
			t.Errorf("round %d: %s was refused, and the session is there", a.model.round, a.kind)
			return false
		}
		a.token = token
		got, err := a.do(Command{Do: "open", Name: a.name, Kind: a.kind, Token: token})
		if err != nil {
			t.Error(err)
			return false
		}
		if got.Live {
			a.compare(t, got.Values)
			return true
		}
	}
}

// present returns the actor's keys and values, as far as it knows.
func (a *actor) present() map[string]int {
	if a.maybe != nil {
		return a.maybe
	}
	return a.acked
}

// change returns the actor's next keys and values, and what to change.
func (a *actor) change() (next, changes map[string]int) {
	next, changes = maps.Clone(a.present()), make(map[string]int)
	for range 1 + a.random.IntN(2) {
		key := fmt.Sprint(a.name, ".", a.random.IntN(3))
		if _, twice := changes[key]; twice {
			continue // it could come to nothing
		}
		if _, ok := next[key]; ok && a.random.IntN(3) == 0 {
			changes[key] = 0
			delete(next, key)
		} else {
			changes[key] = 1 + a.random.IntN(1000)
			next[key] = changes[key]
		}
	}
	return next, changes
}

// compare compares the actor's keys with those of the session. A change that may have been
// dropped was dropped as a whole or not at all.
func (a *actor) compare(t *testing.T, session map[string]int) {
	t.Helper()
	mine := make(map[string]int)
	for key, value := range session {
		if strings.HasPrefix(key, a.name+".") {
			mine[key] = value
		}
	}
	if !maps.Equal(mine, a.acked) && (a.maybe == nil || !maps.Equal(mine, a.maybe)) {
		a.model.miscount()
		t.Errorf("round %d, %s: got %v, want %v or %v", a.model.round, a.kind, mine, a.acked, a.maybe)
		return
	}
	a.acked, a.maybe = mine, nil
}
