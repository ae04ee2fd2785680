package store

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// An Info is a session in the list of its user's sessions. It may be shown to the user:
// it does not lead to the token.
type Info struct {
	// Device names the session for as long as it lives, also when RenewToken or
	// MergeSession gives it another token.
	Device string

	// ID is the present id of the session; see [Store.SessionID].
	ID string

	// Made is when the user logged in, by the backend's clock. It is zero where nobody has
	// seen that: for sessions that [Store.Enroll] found.
	Made time.Time

	// Used is when the session was last used, if the manager has an IdleTimeout, else zero.
	Used time.Time

	// Deadline is when the session expires in any case. It is zero, and Values is empty, if
	// the session does not decode in this process.
	Deadline time.Time

	// Values are those of Options.Info that the session has.
	Values map[string]any
}

// infoOf returns the Info of a session that is on the roll of a user, false if it has ended
// or is not theirs. Then it should not be on the roll.
func (c *Core) infoOf(ctx context.Context, user string, e Entry) (info Info, ok bool, err error) {
	b, expiry, ok, err := c.backend.Find(ctx, e.Key)
	if err != nil || !ok {
		return info, false, err
	}
	info = Info{Device: e.Device, ID: ID(e.Key), Made: e.Made}
	if idle := c.manager.IdleTimeout; idle > 0 && !expiry.IsZero() {
		info.Used = expiry.Add(-idle)
	}
	found, err := c.decodeStored(b)
	if err != nil {
		return info, true, nil //nolint:nilerr // it is there, and its user should see it
	}
	is, err := c.User(found.Values)
	if err != nil {
		return info, false, err
	}
	if is != user {
		return Info{}, false, c.users.roll.Leave(ctx, user, e.Key, b)
	}
	info.Deadline = found.Deadline
	for _, key := range c.users.info {
		if value, ok := found.Values[key]; ok {
			if info.Values == nil {
				info.Values = make(map[string]any)
			}
			info.Values[key] = value
		}
	}
	return info, true, nil
}

// sortInfos puts the latest login first.
func sortInfos(all []Info) {
	slices.SortFunc(all, func(a, b Info) int {
		return cmp.Or(b.Made.Compare(a.Made), cmp.Compare(a.Device, b.Device))
	})
}
