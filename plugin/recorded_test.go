package plugin

import (
	"bufio"
	"encoding/base64"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// recorded calls f with each text of a kind that a release has sent or stored.
func recorded(t *testing.T, kind string, f func(t *testing.T, text string)) {
	t.Helper()
	files, err := filepath.Glob("../testdata/recorded/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("nothing is recorded", err)
	}
	for _, name := range files {
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		found := 0
		for lines := bufio.NewScanner(file); lines.Scan(); {
			if text, ok := strings.CutPrefix(lines.Text(), kind+" "); ok {
				found++
				f(t, text)
			}
		}
		if found == 0 {
			t.Errorf("%s has no %s", name, kind)
		}
	}
}

func recordedStore() *store.Core {
	return store.Attach(scs.New(), store.NewMemory(), store.Options{}).Core()
}

// Invariant 14: a node understands what another of an earlier release says, and says the same.
func TestRecordedMessages(t *testing.T) {
	t.Parallel()
	recorded(t, "message", func(t *testing.T, text string) {
		m, err := decodeMessage([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			return
		}
		if again, err := m.encode(); err != nil || string(again) != text {
			t.Errorf("%s\nbecomes %s, %v", text, again, err)
		}
	})
}

// A claim that a node of an earlier release has left can be redeemed.
func TestRecordedClaims(t *testing.T) {
	t.Parallel()
	kept := &claims{store: recordedStore()}
	recorded(t, "claim", func(t *testing.T, text string) {
		b, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := kept.store.Deposit(t.Context(), claimOf("id", "secret"), b, time.Minute); err != nil {
			t.Fatal(err)
		}
		c, err := kept.find(t.Context(), "id", "secret")
		if err != nil {
			t.Errorf("%s: %v", text, err)
			return
		}
		if c.does == claimDone {
			if token, err := c.token("secret"); token != "token" || err != nil {
				t.Errorf("%s: got %q, %v", text, token, err)
			}
			return
		}
		login, err := kept.store.Decode(c.bytes)
		if want := map[string]any{"user": "ann"}; err != nil || !reflect.DeepEqual(login.Values, want) {
			t.Errorf("%s: got %v, %v", text, login, err)
		}
	})
}

// A ticket that a node of an earlier release has issued lets its bearer in.
func TestRecordedTickets(t *testing.T) {
	t.Parallel()
	kept := tickets{recordedStore()}
	recorded(t, "ticket", func(t *testing.T, text string) {
		if err := kept.store.Deposit(t.Context(), depositOf("ticket"), []byte(text), time.Minute); err != nil {
			t.Fatal(err)
		}
		if key, err := kept.redeem("ticket", new(stub)); key != text || err != nil {
			t.Errorf("got %q, %v", key, err)
		}
	})
}

// The pages of an earlier release are known.
func TestRecordedScripts(t *testing.T) {
	t.Parallel()
	recorded(t, "script", func(t *testing.T, text string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/?"+text, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := scriptOf(r); got <= oldScript {
			t.Errorf("%s: got %d", text, got)
		}
	})
}

// What a later release has written is an error, and nothing is done.
func TestLater(t *testing.T) {
	t.Parallel()
	core := recordedStore()
	keep := func(name, value string) {
		if err := core.Deposit(t.Context(), name, []byte(value), time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	keep(claimOf("id", "secret"), "q...")
	if c, err := (&claims{store: core}).find(t.Context(), "id", "secret"); !errors.Is(err, errLater) || c.does != 0 {
		t.Errorf("a claim: got %v, %v", c, err)
	}
	keep(depositOf("ticket"), "2:key")
	if key, err := (&tickets{core}).redeem("ticket", new(stub)); !errors.Is(err, errLater) || key != "" {
		t.Errorf("a ticket: got %q, %v", key, err)
	}
	for _, text := range []string{`{"v":2,"to":"room","name":"lobby","event":["said"]}`, `{"v":1,"to":"tribe","name":"ann","event":["said"]}`} {
		if m, err := decodeMessage([]byte(text)); !errors.Is(err, errLater) || m.To.kind != "" {
			t.Errorf("%s: got %v, %v", text, m, err)
		}
	}
}
