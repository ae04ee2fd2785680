package storetest

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// users: whose a session is, is known on every node, and all of a user's sessions end at once.
func (s suite) users(t *testing.T) {
	if s.has(NoRoll) {
		t.Run("None", s.usersUnknown)
		return
	}
	t.Run("SessionsOf", s.sessionsOf)
	t.Run("Leave", s.usersLeave)
	t.Run("EndUser", s.endUser)
	t.Run("EndID", s.endID)
	t.Run("Except", s.endUserExcept)
	t.Run("Renewing", s.endUserRenewing)
	t.Run("Merging", s.endUserMerging)
	t.Run("Another", s.endUserAnother)
	t.Run("Bare", s.endUserBare)
	t.Run("Idle", s.usersIdle)
	t.Run("Max", s.maxSessions)
	t.Run("MaxByUse", s.maxByUse)
	t.Run("MaxRenewing", s.maxRenewing)
	t.Run("Enroll", s.enroll)
}

// crew returns nodes on one new backend that find the user in the value "user", and the name
// of a user of whom nobody else has sessions.
func (s suite) crew(t *testing.T, n int, options store.Options) (nodes []*node, ann string) {
	t.Helper()
	backend := s.open(t)
	options.User = func(values map[string]any) string { user, _ := values["user"].(string); return user }
	for range n {
		nodes = append(nodes, s.nodeWith(backend, options))
	}
	return nodes, "ann " + key()
}

func (s suite) usersUnknown(t *testing.T) {
	var log strings.Builder
	nodes, ann := s.crew(t, 1, store.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	n := nodes[0]
	if !strings.Contains(log.String(), "no Roll") {
		t.Errorf("the log says %q", log.String())
	}
	n.login(t, values{"user": ann})
	_, listed := n.store.SessionsOf(t.Context(), ann)
	_, ended := n.store.EndUser(t.Context(), ann)
	for _, err := range []error{listed, ended, n.store.EndID(t.Context(), ann, "id"), n.store.Enroll(t.Context())} {
		if !errors.Is(err, store.ErrNoRoll) {
			t.Errorf("error %v, want ErrNoRoll", err)
		}
	}
}

// sessions returns the sessions of a user by id.
func (n *node) sessions(t *testing.T, user string) map[string]store.Info {
	t.Helper()
	all, err := n.store.SessionsOf(t.Context(), user)
	if err != nil {
		t.Fatal(err)
	}
	byID := make(map[string]store.Info)
	for i, info := range all {
		if byID[info.ID] = info; i > 0 && all[i-1].Made.Before(info.Made) {
			t.Error("an earlier login comes first")
		}
	}
	return byID
}

// wantSessions fails the test unless exactly the sessions of these tokens are a user's.
func (n *node) wantSessions(t *testing.T, user string, tokens ...string) {
	t.Helper()
	got := n.sessions(t, user)
	for _, token := range tokens {
		if _, ok := got[n.id(token)]; !ok {
			t.Errorf("the session %s is not listed", n.id(token))
		}
		delete(got, n.id(token))
	}
	if len(got) > 0 {
		t.Errorf("listed are also %v", got)
	}
}

func (n *node) renew(t *testing.T, token string, with values) string {
	t.Helper()
	ctx := n.load(t, token)
	if err := n.RenewToken(ctx); err != nil {
		t.Fatal(err)
	}
	for key, value := range with {
		n.Put(ctx, key, value)
	}
	n.commit(t, ctx)
	return n.Token(ctx)
}

func (s suite) sessionsOf(t *testing.T) {
	nodes, ann := s.crew(t, 2, store.Options{Info: []string{"browser", "absent"}})
	a, b := nodes[0], nodes[1]
	before := time.Now()
	first := a.renew(t, a.login(t, values{"cart": 1}), values{"user": ann, "browser": "lynx"})
	second := b.login(t, values{"user": ann})
	b.login(t, values{"user": "bob " + ann})
	b.login(t, values{})
	for _, n := range nodes {
		n.wantSessions(t, ann, first, second)
	}
	info := b.sessions(t, ann)[b.id(first)]
	if len(info.Values) != 1 || info.Values["browser"] != "lynx" || info.Device == "" || !info.Used.IsZero() ||
		info.Made.Sub(before).Abs() > 5*time.Second || !info.Deadline.Equal(a.Deadline(a.bare(t, first))) {
		t.Errorf("the session is listed as %+v", info)
	}
	third := b.renew(t, first, nil)
	b.put(t, third, "browser", "links")
	a.wantSessions(t, ann, second, third)
	info.ID, info.Deadline, info.Values = a.id(third), b.Deadline(b.bare(t, third)), values{"browser": "links"}
	if got := a.sessions(t, ann)[info.ID]; got.Device != info.Device || !got.Made.Equal(info.Made) ||
		!got.Deadline.Equal(info.Deadline) || got.Values["browser"] != "links" {
		t.Errorf("after a renewal it is listed as %+v, want %+v", got, info)
	}
	if _, err := a.store.SessionsOf(t.Context(), ""); !errors.Is(err, store.ErrNoUser) {
		t.Errorf("error %v, want ErrNoUser", err)
	}
	if _, err := s.node(t).store.SessionsOf(t.Context(), ann); !errors.Is(err, store.ErrNoRoll) {
		t.Errorf("error %v, want ErrNoRoll", err)
	}
}

// usersLeave: however a user logs out, the session is on nobody's roll.
func (s suite) usersLeave(t *testing.T) {
	nodes, ann := s.crew(t, 1, store.Options{})
	n := nodes[0]
	for name, logout := range s.allEnds() {
		if name == "Expiry" || name == "Uncommitted" || name == "Unmerged" {
			continue // nobody says that it is over; a reader finds out
		}
		token := n.login(t, values{"user": ann})
		other := n.login(t, values{"user": ann})
		logout(t, n, token)
		n.wantNone(t, token)
		if err := n.Destroy(n.load(t, other)); err != nil {
			t.Fatal(err)
		}
		if name == "RenewToken" || name == "MergeSession" {
			n.endUser(t, ann, 1) // it goes on under another token
		}
		n.wantRoll(t, name, ann, 0)
	}
	token := n.login(t, values{"user": ann})
	n.remove(t, token, "user")
	n.wantRoll(t, "Remove", ann, 0)
	n.put(t, token, "user", ann)
	n.renew(t, token, values{"user": "bob " + ann})
	n.wantRoll(t, "a renewal by another", ann, 0)
	n.wantRoll(t, "a renewal by another", "bob "+ann, 1)
}

// wantRoll fails the test unless so many entries are on the roll of a user.
func (n *node) wantRoll(t *testing.T, after, user string, want int) {
	t.Helper()
	roll := n.backend.(store.Roll)
	if entries, err := roll.Entries(t.Context(), user); len(entries) != want || err != nil {
		t.Errorf("after %s there are %d entries, want %d, error %v", after, len(entries), want, err)
	}
}

// usersIdle: a session that is used lives on past the expiry that it had at its login, and
// is found.
func (s suite) usersIdle(t *testing.T) {
	nodes, ann := s.crew(t, 2, store.Options{})
	a, b := nodes[0], nodes[1]
	a.IdleTimeout, b.IdleTimeout = 4*soon, 4*soon
	token, idle := a.login(t, values{"user": ann}), a.login(t, values{"user": ann})
	born := time.Now()
	deadline := a.Deadline(a.bare(t, token))
	Eventually(t, "the other session is idle for too long", func() bool {
		if err := a.core.Touch(t.Context(), a.core.Key(token), deadline, time.Now()); err != nil {
			t.Fatal(err)
		}
		_, ok, err := b.store.FindCtx(context.WithoutCancel(t.Context()), b.core.Key(idle))
		return err == nil && !ok
	})
	b.wantSessions(t, ann, token)
	if used := b.sessions(t, ann)[b.id(token)].Used; !s.has(NoExpiry) && used.Before(born) {
		t.Errorf("it was used at %v, %v before the end of its login", used, born.Sub(used))
	}
	b.endUser(t, ann, 1)
	a.wantNone(t, token)
}

func (s suite) maxSessions(t *testing.T) {
	nodes, ann := s.crew(t, 2, store.Options{MaxSessionsPerUser: 2})
	a, b := nodes[0], nodes[1]
	other := a.login(t, values{"user": "bob " + ann})
	first, second := a.login(t, values{"user": ann}), b.login(t, values{"user": ann})
	hearer := a
	if !s.has(NoEvents) {
		hearer = b
	}
	e := hearer.listen(t, a, first)
	a.put(t, first, "use", true) // no login
	e.want(t, store.Changed, "use")
	b.wantSessions(t, ann, first, second)
	e.wantNothing(t)
	third := a.renew(t, a.login(t, values{}), values{"user": ann})
	e.want(t, store.Superseded)
	for _, n := range []*node{a, hearer} {
		if got := n.core.Ended(n.id(first)); got != store.Superseded {
			t.Errorf("Ended: %q", got)
		}
	}
	a.wantNone(t, first)
	second = b.renew(t, second, nil) // is used as before
	a.wantSessions(t, ann, second, third)
	anonymous := b.login(t, values{})
	b.put(t, anonymous, "user", ann)
	a.wantNone(t, second) // its login was the first
	b.wantSessions(t, ann, third, anonymous)
	a.wantValues(t, other, values{"user": "bob " + ann})
}

// maxRenewing: a login stays that came while an earlier session was between two tokens. There
// may be one session too many, until the next login.
func (s suite) maxRenewing(t *testing.T) {
	nodes, ann := s.crew(t, 2, store.Options{MaxSessionsPerUser: 1})
	a, b := nodes[0], nodes[1]
	ctx := a.load(t, a.login(t, values{"user": ann}))
	if err := a.RenewToken(ctx); err != nil {
		t.Fatal(err)
	}
	login := b.login(t, values{"user": ann})
	a.commit(t, ctx)
	b.wantSessions(t, ann, a.Token(ctx), login)
	last := a.login(t, values{"user": ann})
	b.wantSessions(t, ann, last)
}

// maxByUse: with an idle timeout, the session that is used stays.
func (s suite) maxByUse(t *testing.T) {
	if s.has(NoExpiry) {
		return
	}
	nodes, ann := s.crew(t, 2, store.Options{MaxSessionsPerUser: 2})
	a, b := nodes[0], nodes[1]
	a.IdleTimeout, b.IdleTimeout = later, later
	first := a.login(t, values{"user": ann})
	a.login(t, values{"user": ann})
	if err := b.core.Touch(t.Context(), a.core.Key(first), in(2*later), in(soon)); err != nil {
		t.Fatal(err)
	}
	last := b.login(t, values{"user": ann})
	b.wantSessions(t, ann, first, last)
}

// enroll: sessions from before, and of a node that keeps no roll.
func (s suite) enroll(t *testing.T) {
	nodes, ann := s.crew(t, 1, store.Options{})
	n := nodes[0]
	old := s.nodeOn(n.backend)
	first, second := old.login(t, values{"user": ann}), old.login(t, values{"user": ann})
	n.wantSessions(t, ann)
	n.put(t, first, "commit", true)
	n.wantSessions(t, ann, first)
	if s.has(NoList) {
		return
	}
	third := n.login(t, values{"user": ann})
	n.login(t, values{})
	made := n.sessions(t, ann)[n.id(third)].Made
	for range 2 {
		if err := n.store.Enroll(t.Context()); err != nil {
			t.Fatal(err)
		}
		n.wantSessions(t, ann, first, second, third)
	}
	if got := n.sessions(t, ann); !got[n.id(second)].Made.IsZero() || !got[n.id(third)].Made.Equal(made) {
		t.Errorf("listed are %+v", got)
	}
	n.wantValues(t, second, values{"user": ann})
	unseen := n.renew(t, old.login(t, values{"user": ann}), nil) // what is not on the roll may be renewed
	n.wantSessions(t, ann, first, second, third, unseen)
	n.endUser(t, ann, 4)
}
