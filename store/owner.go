package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"
)

// users are what a Store knows of whose sessions there are. They do not change once the
// manager serves.
type users struct {
	name     func(map[string]any) string // nil: all sessions are nobody's
	info     []string
	max      int
	roll     Roll // nil without a name, and where the backend has none
	problems *problems
}

func newUsers(options Options, backend Backend, problems *problems) users {
	u := users{name: options.User, info: options.Info, max: options.MaxSessionsPerUser, problems: problems}
	roll, ok := backend.(Roll)
	switch {
	case ok && u.name != nil:
		u.roll = roll
	case u.name != nil:
		problems.report(errors.New("store: the backend is no Roll: sessions of a user can be neither listed nor ended, nor is their number limited"))
	case len(u.info) > 0 || u.max > 0:
		problems.report(errors.New("store: Options.Info and MaxSessionsPerUser do nothing without Options.User"))
	}
	return u
}

// User returns whose a session with these values is: what Options.User says, "" for
// nobody's. The error is an [ErrUser].
func (c *Core) User(values map[string]any) (user string, err error) {
	if c.users.name == nil {
		return "", nil
	}
	if err = contain("find the user", func() error { user = c.users.name(values); return nil }); err != nil {
		return "", fmt.Errorf("%w: %w", ErrUser, err)
	}
	return user, nil
}

// IsOf reports whether a session with this snapshot is a user's. What does not decode is
// nobody's.
func (c *Core) IsOf(user string, s *Snapshot) bool {
	is, _, err := c.userOf(s)
	return err == nil && is == user && user != ""
}

// userOf returns whose a snapshot is, and its deadline. Whoever holds it may be changing
// values in place.
func (c *Core) userOf(s *Snapshot) (user string, deadline time.Time, err error) {
	certain, err := c.decodeCertainly(s)
	if err != nil {
		return "", time.Time{}, err
	}
	user, err = c.User(certain.Values)
	return user, certain.Deadline, err
}

// userOfLast returns whose a session was that had these bytes, "" where that is not known.
func (c *Core) userOfLast(last []byte) string {
	if last == nil || c.users.roll == nil {
		return ""
	}
	user, _, err := c.userOf(&Snapshot{Bytes: last})
	if err != nil {
		return ""
	}
	return user
}

// A placing is what a commit does to the rolls of users.
type placing struct {
	key   string
	owner *Owner // nil where it does nothing
	left  []left
}

// A left is a session that was deleted, and that is still on the roll of a user.
type left struct{ user, key string }

// place finds out whose session a commit makes of whose. Its Base is nil for a new token.
func (c *Core) place(commit Commit) (p placing, err error) {
	base, mine := commit.Base, commit.Mine
	if c.users.roll == nil || base != nil && len(commit.ancestors) == 0 && bytes.Equal(base.Bytes, mine.Bytes) {
		return p, nil
	}
	p.key = commit.Key
	owner := &Owner{Device: deviceOf(commit.id())}
	if owner.User, owner.Deadline, err = c.userOf(mine); err != nil {
		return p, err
	}
	if base != nil {
		was, deadline, _ := c.userOf(base) // what does not decode is nobody's
		owner.Was, owner.Moved = was, !deadline.Equal(owner.Deadline)
	}
	for _, a := range commit.ancestors {
		switch user := c.userOfLast(a.last); user {
		case "":
		case owner.User:
			owner.From = append(owner.From, a.key)
			owner.Late = owner.Late || time.Since(a.ended) > RollPatience/2
		default:
			p.left = append(p.left, left{user, a.key})
		}
	}
	if owner.User != "" || owner.Was != "" {
		p.owner = owner
	}
	return p, nil
}

// placeBytes is place of a commit of which only the bytes are known. old is nil for a new
// token.
func (c *Core) placeBytes(key string, old, b []byte, ancestors ...ancestor) (placing, error) {
	if c.users.roll == nil {
		return placing{}, nil
	}
	commit := Commit{Key: key, Mine: &Snapshot{Bytes: b}, ancestors: ancestors}
	if old != nil {
		commit.Base = &Snapshot{Bytes: old}
	}
	return c.place(commit)
}

// placed does what is left to do when the commit has been made.
func (c *Core) placed(ctx context.Context, p placing) {
	if p.owner == nil && len(p.left) == 0 {
		return
	}
	ctx = context.WithoutCancel(ctx)
	for _, l := range p.left {
		c.leave(ctx, l)
	}
	if c.users.max <= 0 || !p.owner.Enters() || len(p.owner.From) > 0 {
		return // who goes on has logged in before, and must not end a login that came meanwhile
	}
	if err := c.supersede(ctx, p.owner.User, p.key); err != nil {
		c.users.problems.report(fmt.Errorf("store: a user has more sessions than MaxSessionsPerUser until the next login: %w", err))
	}
}

// leave takes what was deleted off a roll. If that fails, a reader does it later.
func (c *Core) leave(ctx context.Context, l left) {
	if c.users.roll != nil && l.user != "" {
		_ = c.users.roll.Leave(ctx, l.user, l.key, nil)
	}
}

// deviceOf returns the device of a session that is new on a roll, by its id. No other
// session ever has that id.
func deviceOf(id string) string { return id[:16] }
