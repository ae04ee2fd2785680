package gobcodec_test

import (
	"bytes"
	"encoding/gob"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store/internal/gobcodec"
)

// unrelated is a type that another process has encoded before: its other types have other ids then.
type unrelated struct{ A, B []map[string][]int }

// codecChild is the other process. It reads and writes sessions as one gob of all their bytes.
func codecChild(role string) error {
	codec := &gobcodec.Codec{}
	switch role {
	case "fresh":
		b, err := scs.GobCodec{}.Encode(time.Time{}, map[string]any{"a": 1})
		if err != nil || !bytes.HasPrefix(b, []byte(gobcodec.GobPrefix)) {
			return fmt.Errorf("a fresh process starts sessions with\n%s, %w", hex.Dump(b), err)
		}
	case "unregistered":
		return unregistered(codec)
	case "encode":
		if err := gob.NewEncoder(io.Discard).Encode([]any{unrelated{}, []unrelated{}}); err == nil {
			return errors.New("a type is registered that was not meant to be")
		}
		_ = gob.NewEncoder(io.Discard).Encode(unrelated{})
		_ = gob.NewEncoder(io.Discard).Encode(map[int8]unrelated{})
		var all [][]byte
		for _, s := range sessions() {
			b, _ := scs.GobCodec{}.Encode(s.deadline, s.values)
			all = append(all, b)
		}
		return gob.NewEncoder(os.Stdout).Encode(all)
	case "decode":
		_ = gob.NewEncoder(io.Discard).Encode(unrelated{})
		var all [][]byte
		if err := gob.NewDecoder(os.Stdin).Decode(&all); err != nil {
			return err
		}
		for i, s := range sessions() {
			own, err := scs.GobCodec{}.Encode(s.deadline, s.values)
			if err != nil {
				continue
			}
			_, want, _ := scs.GobCodec{}.Decode(own)
			_, got, err := scs.GobCodec{}.Decode(all[i])
			if err != nil || !same(got, want) {
				return fmt.Errorf("%s: got %v, %w, want %v", s.name, got, err, want)
			}
		}
	}
	return nil
}

// unregistered compares errors for the types that gob has only after an app registers them.
func unregistered(codec *gobcodec.Codec) error {
	for _, v := range []any{time.Unix(1, 0).UTC(), map[string]string{"a": "b"}, map[string]int{"a": 1}, map[string]any{"a": 1}} {
		values := map[string]any{"k": v}
		_, want := scs.GobCodec{}.Encode(time.Time{}, values)
		if _, err := codec.Encode(time.Time{}, values); err == nil || err.Error() != want.Error() {
			return fmt.Errorf("encode %T: got %w, want %w", v, err, want)
		}
		b, ok := gobcodec.EncodeGob(time.Time{}, values)
		if !ok {
			return fmt.Errorf("cannot encode %T", v)
		}
		_, _, want = scs.GobCodec{}.Decode(b)
		if _, _, err := codec.Decode(b); err == nil || err.Error() != want.Error() {
			return fmt.Errorf("decode %T: got %w, want %w", v, err, want)
		}
		gob.Register(v)
		if b, err := codec.Encode(time.Time{}, values); err != nil {
			return fmt.Errorf("encode %T: %w", v, err)
		} else if _, got, err := codec.Decode(b); err != nil || !same(got, values) {
			return fmt.Errorf("decode %T: got %v, %w", v, got, err)
		}
	}
	// A type registered under another name, and a name that means another type.
	gob.RegisterName("point", []any{})
	values := map[string]any{"k": []any{1}}
	b, err := codec.Encode(time.Time{}, values)
	if err != nil {
		return err
	}
	if _, got, err := codec.Decode(b); err != nil || !same(got, values) {
		return fmt.Errorf("got %v, %w, want %v", got, err, values)
	}
	return nil
}

func runCodecChild(t *testing.T, role string, stdin io.Reader) []byte {
	t.Helper()
	cmd := child(t.Context(), role)
	cmd.Stdin = stdin
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s%s", err, stdout.String(), stderr.String())
	}
	return stdout.Bytes()
}

func TestCodecInOtherProcesses(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"fresh", "unregistered"} {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			runCodecChild(t, role, nil)
		})
	}
	t.Run("they read ours", func(t *testing.T) {
		t.Parallel()
		var all [][]byte
		for _, s := range sessions() {
			b, _ := new(gobcodec.Codec).Encode(s.deadline, s.values)
			all = append(all, b)
		}
		var stdin bytes.Buffer
		if err := gob.NewEncoder(&stdin).Encode(all); err != nil {
			t.Fatal(err)
		}
		runCodecChild(t, "decode", &stdin)
	})
	t.Run("we read theirs", func(t *testing.T) {
		t.Parallel()
		var all [][]byte
		if err := gob.NewDecoder(bytes.NewReader(runCodecChild(t, "encode", nil))).Decode(&all); err != nil {
			t.Fatal(err)
		}
		for i, s := range sessions() {
			if len(all[i]) == 0 { // an error there too
				continue
			}
			if bytes.HasPrefix(all[i], []byte(gobcodec.GobPrefix)) {
				t.Fatal("the ids are those of a fresh process")
			}
			own, err := scs.GobCodec{}.Encode(s.deadline, s.values)
			if err != nil {
				t.Fatal(err)
			}
			_, want, _ := scs.GobCodec{}.Decode(own)
			_, got, err := new(gobcodec.Codec).Decode(all[i])
			if err != nil || !same(got, want) {
				t.Errorf("%s: got %v, %v, want %v", s.name, got, err, want)
			}
			if _, _, fast := gobcodec.DecodeGob(all[i]); s.fast && !fast {
				t.Errorf("%s: not without encoding/gob", s.name)
			}
		}
	})
}
