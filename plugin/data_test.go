package plugin_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"
	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// A tap hears every command that anybody sends to a Redis, as its slow log, its
// append-only file and its replicas may.
type tap struct {
	mu   sync.Mutex
	text strings.Builder
}

func tapOf(t *testing.T, server *storetest.RedisServer) *tap {
	t.Helper()
	conn, err := redis.Dial("tcp", server.Addr)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Do("MONITOR"); err != nil {
		t.Fatal(err)
	}
	heard := new(tap)
	var over sync.WaitGroup
	over.Go(func() { // ends when the connection is closed
		for {
			line, err := redis.String(conn.Receive())
			if err != nil {
				return
			}
			heard.mu.Lock()
			heard.text.WriteString(line + "\n")
			heard.mu.Unlock()
		}
	})
	t.Cleanup(func() { _ = conn.Close(); over.Wait() })
	return heard
}

func (h *tap) has(text string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Contains(h.text.String(), text)
}

// An entry is what Redis keeps under a name, and for how long yet.
type entry struct {
	bytes string
	left  time.Duration
}

// dump returns all that a Redis keeps. What is no string fails the test.
func dump(t *testing.T, conn redis.Conn) map[string]entry {
	t.Helper()
	names, err := redis.Strings(conn.Do("KEYS", "*"))
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]entry)
	for _, name := range names {
		kept, err := redis.String(conn.Do("GET", name))
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		left, err := redis.Int64(conn.Do("PTTL", name))
		if err != nil {
			t.Fatal(err)
		}
		all[name] = entry{kept, time.Duration(left) * time.Millisecond}
	}
	return all
}

var (
	onceName    = regexp.MustCompile(`^socketio:scs:session:once:[\w-]{38}$`)
	channelName = regexp.MustCompile(`^socketio:scs:session:((note|said):[\w-]{43}|note:\w{26}|said:)$`) // the last two are a node's own
)

// checkNames checks that a dump has one session, under a name, and else what is used
// once: a ticket and a claim, which it returns.
func checkNames(t *testing.T, all map[string]entry, session, key string) (ticket, claim string) {
	t.Helper()
	for name, kept := range all {
		switch {
		case name == session:
			if kept.left > 24*time.Hour || kept.left < 23*time.Hour {
				t.Errorf("the session lives for %v", kept.left)
			}
		case !onceName.MatchString(name):
			t.Errorf("there is a key %q", name)
		case kept.left <= 0 || kept.left > 30*time.Second:
			t.Errorf("%s lives for %v", name, kept.left)
		case kept.bytes == key:
			ticket = kept.bytes
		default:
			claim = kept.bytes
		}
	}
	if len(all) != 3 || ticket == "" || claim == "" {
		t.Errorf("Redis holds %v", all)
	}
	return ticket, claim
}

// Invariant 8, and store/DATA.md: Redis keeps sessions, tickets and claims, under the
// names and for the times that it says, and nothing else. What a session holds is in
// its own key only, what a login will put is in its claim until then, and the names of
// rooms are nowhere. Tickets and secrets are never sent to Redis, and with
// HashTokenInStore no token is. Iterate finds a user's sessions to end them.
func TestDataInRedis(t *testing.T) {
	t.Parallel()
	for _, hashed := range []bool{false, true} {
		t.Run(fmt.Sprint("hashed ", hashed), func(t *testing.T) {
			t.Parallel()
			server := storetest.Redis(t)
			heard := tapOf(t, server)
			conn := server.Pool().Get()
			defer conn.Close()
			nodes := ticketNodes(t, 2, redisstore.New(server.Pool()), func(a *app) {
				a.manager.HashTokenInStore = hashed
				roomApp(a)
				a.sessions.OnEvent("/", "login", func(_ socketio.Conn, s *plugin.Session, user string) error {
					return s.Renew(map[string]any{"user": user})
				})
			})
			keyOf := func(cookie string) string { return nodes[0].manager.Store.(*store.Store).Core().Key(tokenIn(cookie)) }

			old := nodes[0].login("alice-of-before")
			near, far := nodes[0].enter(old), nodes[1].enter(old)
			near.joins("/", "whispers")
			far.joins("/", "whispers")
			nodes[0].get(old, "/put?diary=dear-diary")
			if got := near.ask(`["tell","whispers","pssst-over-here"]`); got != "[null]" {
				t.Errorf("tell: %s", got)
			}
			far.want(`42["said","pssst-over-here"]`)
			ticket, secret := nodes[0].ticket(old), near.logsIn("bob-to-be")

			before := dump(t, conn)
			name := "scs:session:" + keyOf(old)
			_, claim := checkNames(t, before, name, keyOf(old))
			if in := before[name].bytes; !strings.Contains(in, "alice-of-before") || !strings.Contains(in, "dear-diary") || strings.Contains(in, "bob-to-be") {
				t.Errorf("the session is %q", in)
			}
			if !strings.Contains(claim, "bob-to-be") || strings.Contains(claim, "alice-of-before") || strings.Contains(claim, "dear-diary") {
				t.Errorf("the claim is %q", claim)
			}
			channels, err := redis.Strings(conn.Do("PUBSUB", "CHANNELS"))
			if err != nil || len(channels) < 3 { // the session's two, and the room's
				t.Errorf("the channels are %q, %v", channels, err)
			}
			for _, channel := range channels {
				if !channelName.MatchString(channel) || strings.Contains(channel, tokenIn(old)) {
					t.Errorf("there is a channel %q", channel)
				}
			}

			fresh := cookieIn(nodes[1].redeem(old, secret))
			if fresh == "" {
				t.Fatal("the login has failed")
			}
			after := dump(t, conn)
			_, claim = checkNames(t, after, "scs:session:"+keyOf(fresh), keyOf(old))
			if strings.Contains(claim, "bob-to-be") || strings.Contains(claim, tokenIn(fresh)) {
				t.Errorf("the claim that was redeemed is %q", claim)
			}
			for name, kept := range after {
				for _, hidden := range []string{"whispers", "pssst-over-here", ticket, secret} {
					if strings.Contains(name+kept.bytes, hidden) {
						t.Errorf("%s is in %q: %q", hidden, name, kept.bytes)
					}
				}
			}

			far = nodes[1].enter(fresh)
			if err := nodes[0].manager.Iterate(t.Context(), func(ctx context.Context) error {
				if nodes[0].manager.GetString(ctx, "user") != "bob-to-be" {
					return nil
				}
				return nodes[0].manager.Destroy(ctx)
			}); err != nil {
				t.Error(err)
			}
			if got := far.farewells(); got != "!destroyed" {
				t.Errorf("at the erasure the socket heard %q", got)
			}
			for name := range dump(t, conn) {
				if !onceName.MatchString(name) {
					t.Errorf("%q is left", name)
				}
			}

			if _, err := conn.Do("ECHO", "all is heard"); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the tap has heard all", func() bool { return heard.has("all is heard") })
			if !heard.has("dear-diary") {
				t.Error("the tap has not heard what the session holds")
			}
			for what, sent := range map[string]bool{
				"the ticket": heard.has(ticket), "the secret": heard.has(secret),
				"the old token": heard.has(tokenIn(old)) && hashed, "the new token": heard.has(tokenIn(fresh)) && hashed,
			} {
				if sent {
					t.Errorf("%s was sent to Redis", what)
				}
			}
			if !hashed && !heard.has(tokenIn(fresh)) {
				t.Error("without HashTokenInStore the token is the name: DATA.md says so")
			}
		})
	}
}
