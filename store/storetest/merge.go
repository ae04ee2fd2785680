package storetest

import (
	"fmt"
	"sync"
	"testing"
)

// merge tests invariant 1: a commit changes only what it was told to change.
func (s suite) merge(t *testing.T) {
	t.Run("DistinctKeys", s.distinctKeys)
	t.Run("Removal", s.removal)
	t.Run("SameKey", s.sameKey)
	t.Run("Repeated", s.repeated)
	t.Run("InPlace", s.inPlace)
	t.Run("Deadline", s.deadline)
	t.Run("Renewal", s.renewal)
	t.Run("NoCarryOver", s.noCarryOver)
	t.Run("MergeSession", s.mergeSession)
	t.Run("Save", s.save)
}

// distinctKeys: overlapping commits of distinct keys keep them all.
func (s suite) distinctKeys(t *testing.T) {
	const writers = 16
	n := s.node(t)
	token := n.login(t, values{"old": "kept"})
	var loaded, all sync.WaitGroup
	loaded.Add(writers)
	for i := range writers {
		ctx := n.load(t, token)
		all.Go(func() {
			loaded.Done()
			loaded.Wait()
			for _, key := range []string{"a", "b"} { // two commits of one context
				n.Put(ctx, fmt.Sprint(key, i), i)
				if _, _, err := n.Commit(ctx); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if got := len(n.Keys(n.load(t, token))); got != 2*writers+1 {
		t.Errorf("%d keys are left of %d", got, 2*writers+1)
	}
}

func (s suite) removal(t *testing.T) {
	n := s.node(t)
	token := n.login(t, values{"user": "alice", "cart": "full"})
	stale, fresh := n.load(t, token), n.load(t, token)
	n.Remove(fresh, "user")
	n.Put(fresh, "cart", "empty")
	n.commit(t, fresh)
	n.Put(stale, "cursor", 7)
	n.commit(t, stale)
	n.wantValues(t, token, values{"cart": "empty", "cursor": 7})
	n.commit(t, fresh) // once more: what it did not change stays
	if err := n.Clear(fresh); err != nil {
		t.Fatal(err)
	}
	n.commit(t, fresh) // it never saw cursor
	n.wantValues(t, token, values{"cursor": 7})
}

// sameKey: if two commits change one key, the later wins.
func (s suite) sameKey(t *testing.T) {
	n := s.node(t)
	token := n.login(t, values{"a": 1, "b": 1})
	one, two := n.load(t, token), n.load(t, token)
	n.Put(one, "a", 2)
	n.Remove(one, "b")
	n.Put(two, "a", "3")
	n.Put(two, "b", 3)
	n.commit(t, two)
	n.commit(t, one)
	n.wantValues(t, token, values{"a": 2})
}

// repeated: the base of the next commit is what this context wrote. It neither removes
// nor writes again what others have added in between.
func (s suite) repeated(t *testing.T) {
	n := s.node(t)
	token := n.login(t, values{"mine": 0, "theirs": 0})
	ctx := n.load(t, token)
	for i := 1; i <= 5; i++ {
		n.put(t, token, "theirs", i)
		n.put(t, token, fmt.Sprint("added", i), true)
		n.Put(ctx, "mine", i)
		n.commit(t, ctx)
	}
	n.commit(t, ctx)
	n.wantValues(t, token, values{
		"mine": 5, "theirs": 5,
		"added1": true, "added2": true, "added3": true, "added4": true, "added5": true,
	})
}

// inPlace: a slice is compared with what it was when it was read, even if it was changed
// in place.
func (s suite) inPlace(t *testing.T) {
	n := s.node(t)
	token := n.login(t, values{"list": []int{1, 2}})
	stale, mine := n.load(t, token), n.load(t, token)
	n.Get(mine, "list").([]int)[0] = 7
	n.put(t, token, "other", true)
	n.commit(t, mine)
	n.Put(stale, "late", true)
	n.commit(t, stale)
	ctx := n.load(t, token)
	if list, _ := n.Get(ctx, "list").([]int); len(list) != 2 || list[0] != 7 || !n.GetBool(ctx, "other") {
		t.Errorf("the session holds %v", n.values(ctx))
	}
}

// deadline: the deadline merges like a value. A stale commit does not undo that it was
// shortened, by SetDeadline or by RememberMe.
func (s suite) deadline(t *testing.T) {
	n := s.node(t)
	token := n.login(t, values{"user": "alice"})
	stale, fresh := n.load(t, token), n.load(t, token)
	short := in(later / 2)
	n.SetDeadline(fresh, short)
	n.commit(t, fresh)
	n.Put(stale, "late", true)
	n.commit(t, stale)
	n.Put(stale, "late", false)
	n.commit(t, stale)
	want := func(step string) {
		t.Helper()
		found, expiry, ok, err := n.core.Load(t.Context(), n.core.Key(token), nil)
		if err != nil || !ok {
			t.Fatalf("after %s: ok %v, error %v", step, ok, err)
		}
		if !found.Deadline.Equal(short) || !s.has(NoExpiry) && expiry.After(short.Add(soon)) {
			t.Errorf("after %s: the deadline is %v, the expiry %v, want %v", step, found.Deadline, expiry, short)
		}
	}
	want("a stale commit")
	if err := n.core.Touch(t.Context(), n.core.Key(token), short, in(0)); err != nil {
		t.Fatal(err)
	}
	want("a touch")
}

// renewal: RenewToken carries over what others wrote since the load, however old the
// base is.
func (s suite) renewal(t *testing.T) {
	n := s.node(t)
	token := n.login(t, values{"removed": true, "changed": 0, "kept": "k"})
	ctx := n.load(t, token)
	n.Put(ctx, "first", 1)
	n.commit(t, ctx)
	other := n.load(t, token)
	n.Put(other, "changed", 1)
	n.Put(other, "added", "a")
	n.Remove(other, "removed")
	n.commit(t, other)
	n.Put(ctx, "before", true)
	if err := n.RenewToken(ctx); err != nil {
		t.Fatal(err)
	}
	n.Put(ctx, "after", true)
	n.commit(t, ctx)
	n.wantNone(t, token)
	want := values{"changed": 1, "added": "a", "kept": "k", "first": 1, "before": true, "after": true}
	n.wantValues(t, n.Token(ctx), want)

	n.put(t, n.Token(ctx), "later", true) // and the new token merges as ever
	n.Put(ctx, "again", true)
	n.commit(t, ctx)
	want["later"], want["again"] = true, true
	n.wantValues(t, n.Token(ctx), want)
}

// noCarryOver: after Destroy nothing of the old session reaches a new one.
func (s suite) noCarryOver(t *testing.T) {
	n := s.node(t)
	token := n.login(t, values{"user": "alice"})
	ctx := n.load(t, token)
	n.put(t, token, "secret", "alice's")
	n.Put(ctx, "mine", true)
	if err := n.Destroy(ctx); err != nil {
		t.Fatal(err)
	}
	n.Put(ctx, "user", "bob")
	n.commit(t, ctx)
	n.wantNone(t, token)
	n.wantValues(t, n.Token(ctx), values{"user": "bob"})
}

// mergeSession: each of two tokens in one context keeps its own base.
func (s suite) mergeSession(t *testing.T) {
	n := s.node(t)
	token, other := n.login(t, values{"a": 1}), n.login(t, values{"b": 2, "c": 3})
	ctx := n.load(t, token)
	stale := n.load(t, other)
	n.put(t, token, "added", true)
	if err := n.MergeSession(ctx, token); err != nil { // itself
		t.Fatal(err)
	}
	if err := n.MergeSession(ctx, other); err != nil {
		t.Fatal(err)
	}
	n.Remove(ctx, "c")
	n.commit(t, ctx)
	n.wantValues(t, token, values{"a": 1, "added": true, "b": 2})
	n.wantNone(t, other)
	n.Put(stale, "late", true)
	n.wantGone(t, stale)
	n.wantNone(t, other)

	fresh := n.load(t, "") // into a session that is new itself
	if err := n.MergeSession(fresh, token); err != nil {
		t.Fatal(err)
	}
	n.commit(t, fresh)
	n.wantNone(t, token)
	n.wantValues(t, n.Token(fresh), values{"a": 1, "added": true, "b": 2})
}
