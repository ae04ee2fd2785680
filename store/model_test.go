package store_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// longEnv makes the model tests run many rounds: worth it now and then, but not each time.
const longEnv = "STORE_TEST_LONG"

func rounds(short, long int) int {
	if os.Getenv(longEnv) != "" {
		return long
	}
	return short
}

// Holders of every kind put and remove at random on three nodes, while the session is
// renewed and destroyed. It must hold exactly what a model says. Each actor has its own
// keys: they have the values that were last acknowledged, in the renewed session too.
// Nobody finds a session under a token that has ended.
func TestModelMemory(t *testing.T) {
	t.Parallel()
	runModel(t, nodesHere(store.NewMemory()), rounds(200, 10_000))
}

func TestModelRedis(t *testing.T) {
	t.Parallel()
	runModel(t, nodesHere(redisstore.New(storetest.Redis(t).Pool())), rounds(25, 1_000))
}

func TestModelProcesses(t *testing.T) {
	t.Parallel()
	runModel(t, nodesElsewhere(t, storetest.Redis(t).Addr), rounds(25, 1_000))
}

// A node executes commands, in this process or another.
type node func(Command) (Answer, error)

const modelNodes = 3

func nodesHere(backend store.Backend) []node {
	nodes := make([]node, modelNodes)
	for i := range nodes {
		n := newNode(backend)
		nodes[i] = func(c Command) (a Answer, err error) { return a, n.Serve(c, &a) }
	}
	return nodes
}

func (do node) must(t *testing.T, c Command) Answer {
	t.Helper()
	a, err := do(c)
	if err != nil {
		t.Error(err)
	}
	return a
}

// A tally counts what happened in all rounds.
type tally struct {
	rounds, commits, refused, renewed, destroyed int

	wrong, risen int // sessions that hold what they must not, or are there again
}

func runModel(t *testing.T, nodes []node, rounds int) {
	t.Helper()
	var all tally
	start := time.Now()
	for i := 0; i < rounds && !t.Failed(); i++ {
		m := &model{nodes: nodes, round: i, random: rand.New(rand.NewPCG(1, uint64(i))), tally: &all}
		m.run(t)
		all.rounds++
	}
	t.Logf("%v: %+v", time.Since(start).Round(time.Millisecond), all)
}

// A model is one round: one session, its actors, and its ends.
type model struct {
	*tally
	nodes  []node
	round  int
	random *rand.Rand
	steps  chan struct{} // gets one for each step of an actor
	mark   int           // what the last renewal put

	mu    sync.Mutex // held while the session ends; guards tally too
	token string     // at present, "" after a destroy
	ended []string   // tokens of before
}

func (m *model) run(t *testing.T) {
	t.Helper()
	m.token, m.mark = m.anyNode().must(t, Command{Do: "login"}).Token, 1
	var actors []*actor
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		for range 2 {
			a := newActor(m, kind, fmt.Sprint("actor", len(actors)))
			actors = append(actors, a)
			if !a.open(t) {
				t.Fatalf("round %d: %s finds no session", m.round, kind)
			}
		}
	}
	m.steps = make(chan struct{}, len(actors)*actorSteps)
	var all sync.WaitGroup
	for _, a := range actors {
		all.Go(func() { a.act(t) })
	}
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	m.end(t, done)
	<-done
	for _, a := range actors {
		m.commits, m.refused = m.commits+a.commits, m.refused+a.refused
	}
	m.check(t, actors)
}

func (m *model) anyNode() node { return m.nodes[m.random.IntN(len(m.nodes))] }

// end ends the session a few times, or not at all, each time after some steps of the
// actors. done says that there are no more steps.
func (m *model) end(t *testing.T, done <-chan struct{}) {
	t.Helper()
	for range m.random.IntN(4) {
		for range m.random.IntN(actorSteps * len(kinds)) {
			select {
			case <-m.steps:
			case <-done:
			}
		}
		how := [][]string{renewals, renewals, destroys, attempts}[m.random.IntN(4)]
		m.endBy(t, how[m.random.IntN(len(how))])
		if m.token == "" {
			return
		}
	}
}

func (m *model) endBy(t *testing.T, how string) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	before := m.token
	m.token = m.anyNode().must(t, Command{Do: how, Token: before, Mark: m.mark + 1}).Token
	switch {
	case slices.Contains(renewals, how):
		m.mark++
		m.renewed++
	case slices.Contains(destroys, how):
		m.destroyed++
	}
	if m.token != before {
		m.ended = append(m.ended, before)
	}
	if t.Failed() {
		t.Logf("round %d: %s", m.round, how)
	}
}

// cookie returns the present token, "" after a destroy.
func (m *model) cookie() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.token
}

func (m *model) miscount() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.wrong++
}

// check asks every node for the session and its values, in the end.
func (m *model) check(t *testing.T, actors []*actor) {
	t.Helper()
	for _, n := range m.nodes {
		for _, token := range m.ended {
			if a := n.must(t, Command{Do: "read", Token: token}); a.Live {
				m.risen++
				t.Errorf("round %d: a session that has ended is there: %v", m.round, a.Values)
			}
		}
		if m.token == "" {
			continue
		}
		got := n.must(t, Command{Do: "read", Token: m.token}).Values
		want := map[string]int{"login": m.mark}
		for _, a := range actors {
			a.compare(t, got)
			maps.Copy(want, a.acked)
		}
		if !maps.Equal(got, want) {
			m.miscount()
			t.Errorf("round %d, renewed %d times:\n got %v\nwant %v", m.round, m.mark-1, got, want)
		}
	}
}
