package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// SessionsOf returns the sessions of a user on every node, the latest login first. One that
// is just going on under another token may be left out. Errors: [ErrNoUser], [ErrNoRoll],
// or the backend's.
func (s *Store) SessionsOf(ctx context.Context, user string) ([]Info, error) {
	c := &s.core
	entries, err := c.entriesOf(ctx, user)
	if err != nil {
		return nil, err
	}
	infos := make([]Info, len(entries))
	err = each(len(entries), func(i int) (err error) {
		if entries[i].Live {
			infos[i], _, err = c.infoOf(ctx, user, entries[i])
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("store: sessions of a user: %w", err)
	}
	infos = slices.DeleteFunc(infos, func(i Info) bool { return i.ID == "" })
	sortInfos(infos)
	return infos, nil
}

// IDsOf returns the ids of the sessions that are on the roll of a user, in any order. Some
// may have become another's. Errors: [ErrNoUser], [ErrNoRoll], or the backend's.
func (c *Core) IDsOf(ctx context.Context, user string) ([]string, error) {
	entries, err := c.entriesOf(ctx, user)
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(entries))
	for _, key := range keysOf(entries) {
		ids = append(ids, ID(key))
	}
	return ids, nil
}

// EndUser ends the sessions of a user on every node, with or without sockets, but for those
// with the given ids: session ids or devices. Sockets hear that as of a logout. It returns
// how many it has ended.
//
// A session that was the user's when EndUser was called does not outlive it, also if it is
// renewed at that moment: the renewal then fails with [ErrGone]. The session of ctx counts as
// excepted by its [Store.SessionID] also between RenewToken and its commit. Who logs in
// while EndUser runs may or may not be logged out. If some could not be ended, the error says
// how many are left; call it again. Errors: [ErrNoUser], [ErrNoRoll], or the backend's.
func (s *Store) EndUser(ctx context.Context, user string, except ...string) (n int, err error) {
	c := &s.core
	devices, err := s.devicesOf(ctx, user, except)
	if err != nil {
		return 0, err
	}
	entries, err := c.users.roll.Condemn(ctx, user, true, devices...)
	if err != nil {
		return 0, fmt.Errorf("store: end the sessions of a user: %w", err)
	}
	return c.expelAll(ctx, user, keysOf(entries), Destroyed)
}

// EndID ends one session of a user, by its id or device. Sockets hear that as of a logout.
// Errors: [ErrNotTheirs], [ErrNoUser], [ErrNoRoll], or the backend's.
func (s *Store) EndID(ctx context.Context, user, id string) error {
	c := &s.core
	devices, err := s.devicesOf(ctx, user, []string{id})
	if err != nil {
		return err
	}
	if len(devices) == 0 {
		return ErrNotTheirs
	}
	entries, err := c.users.roll.Condemn(ctx, user, false, devices...)
	if err != nil {
		return fmt.Errorf("store: end a session of a user: %w", err)
	}
	_, err = c.expelAll(ctx, user, keysOf(entries), Destroyed)
	return err
}

// Enroll puts the sessions from before Options.User was set onto the rolls of their users. Run
// it once, after the last node without Options.User has gone. It lists all sessions, as
// SCS's Iterate does, and may be run while the app serves, and again. Errors: [ErrNoRoll],
// [ErrNoList], or the backend's; a session that does not decode is nobody's.
func (s *Store) Enroll(ctx context.Context) error {
	c := &s.core
	if c.users.roll == nil {
		return ErrNoRoll
	}
	all, err := c.all(ctx)
	if err != nil {
		return err
	}
	keys := make([]string, 0, len(all))
	for key := range all {
		keys = append(keys, key)
	}
	err = each(len(keys), func(i int) error { return c.enroll(ctx, keys[i], all[keys[i]]) })
	if err != nil {
		return fmt.Errorf("store: enroll: %w", err)
	}
	return nil
}

// enroll puts one session onto the roll of its user, by a swap that changes nothing else.
func (c *Core) enroll(ctx context.Context, key string, b []byte) error {
	return retry(ctx, func() (done bool, err error) {
		found, err := c.decodeStored(b)
		if errors.Is(err, ErrMalformed) {
			return true, nil
		}
		user, err := c.User(found.Values)
		if err != nil || user == "" {
			return true, err
		}
		b, done, err = c.backend.Swap(ctx, key, Change{
			Old: b, New: b,
			Life:  Life{Expiry: time.Unix(0, 0), Limit: found.Deadline}, // which leaves the expiry as it is
			Owner: &Owner{User: user, Was: user, Device: deviceOf(ID(key)), Deadline: found.Deadline, Moved: true},
		})
		return done || b == nil, err
	})
}

// knows returns why nothing is known of a user's sessions, nil if they are.
func (u *users) knows(user string) error {
	switch {
	case user == "":
		return ErrNoUser
	case u.roll == nil:
		return ErrNoRoll
	}
	return nil
}

// entriesOf returns who is on the roll of a user.
func (c *Core) entriesOf(ctx context.Context, user string) ([]Entry, error) {
	if err := c.users.knows(user); err != nil {
		return nil, err
	}
	entries, err := c.users.roll.Entries(ctx, user)
	if err != nil {
		return nil, fmt.Errorf("store: sessions of a user: %w", err)
	}
	return entries, nil
}

// devicesOf returns the devices on the roll of a user that ids name. The id of the session
// in ctx also names the one that it was before a renewal which is not committed.
func (s *Store) devicesOf(ctx context.Context, user string, ids []string) (devices []string, err error) {
	if len(ids) == 0 {
		return nil, s.core.users.knows(user)
	}
	entries, err := s.core.entriesOf(ctx, user)
	if err != nil {
		return nil, err
	}
	if tx := s.core.transactionOf(ctx); tx != nil && slices.Contains(ids, s.SessionID(ctx)) {
		if renewed, _ := tx.lineage.ancestors(); renewed.key != "" {
			ids = append(slices.Clone(ids), ID(renewed.key))
		}
	}
	for _, e := range entries {
		if slices.Contains(ids, e.Device) || slices.Contains(ids, ID(e.Key)) {
			devices = append(devices, e.Device)
		}
	}
	return devices, nil
}

func keysOf(entries []Entry) []string {
	keys := make([]string, 0, len(entries))
	for _, e := range entries {
		if e.Live {
			keys = append(keys, e.Key)
		}
	}
	return keys
}
