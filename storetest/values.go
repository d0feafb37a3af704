package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/dcmkit/convtrack/store"
)

func values(rule define) {
	set := func(t *trial, name, value string, version int64) int64 {
		t.Helper()
		got, err := t.store.SetValue(t.ctx, name, []byte(value), version)
		t.ok("SetValue", err)
		if got == 0 || got == version {
			t.Fatalf("the value of %s on version %d has the new version %d", name, version, got)
		}
		return got
	}
	holds := func(t *trial, name, want string, wantVersion int64) {
		t.Helper()
		value, version, err := t.store.Value(t.ctx, name)
		t.ok("Value", err)
		t.same("the value", string(value), want)
		t.same("the version", version, wantVersion)
	}

	rule("a value that is not set has version 0", func(t *trial) {
		set(t, "other", "x", 0)
		holds(t, "cursor", "", 0)
	})

	rule("a value that is set has the version that was returned", func(t *trial) {
		first := set(t, "cursor", "a", 0)
		holds(t, "cursor", "a", first)
		second := set(t, "cursor", "b", first)
		holds(t, "cursor", "b", second)
		holds(t, "cursor", "b", second)
	})

	rule("a value is set only if its version is the present one", func(t *trial) {
		first := set(t, "cursor", "a", 0)
		second := set(t, "cursor", "b", first)
		for _, version := range []int64{0, first, second + 1, -1} {
			_, err := t.store.SetValue(t.ctx, "cursor", []byte("wrong"), version)
			t.is(fmt.Sprintf("SetValue on version %d", version), err, store.ErrConflict)
		}
		holds(t, "cursor", "b", second)
		_, err := t.store.SetValue(t.ctx, "unset", []byte("wrong"), 1)
		t.is("SetValue of what is not set", err, store.ErrConflict)
		holds(t, "unset", "", 0)
	})

	rule("values have versions of their own", func(t *trial) {
		a, b := set(t, "a", "1", 0), set(t, "b", "1", 0)
		a = set(t, "a", "2", a)
		holds(t, "a", "2", a)
		holds(t, "b", "1", b)
	})

	rule("a value may be empty, binary or large", func(t *trial) {
		for i, value := range []string{"", "\x00\xff\xfe invalid \xc3\x28", strings.Repeat("x", 1<<20), string(bytes.Repeat([]byte{0}, 5000)), "{\"a\": 1}"} {
			name := fmt.Sprintf("value-%d", i)
			version := set(t, name, value, 0)
			holds(t, name, value, version)
			version = set(t, name, "", version)
			holds(t, name, "", version)
		}
	})

	rule("nil is an empty value", func(t *trial) {
		version, err := t.store.SetValue(t.ctx, "cursor", nil, 0)
		t.ok("SetValue", err)
		holds(t, "cursor", "", version)
	})

	rule("of several who set a value at once one wins and the others lose the race", func(t *trial) {
		const writers, rounds = 4, 15
		t.together(writers, func(int) error {
			for range rounds {
				for {
					value, version, err := t.store.Value(t.ctx, "counter")
					if err != nil {
						return err
					}
					letOthersIn()
					_, err = t.store.SetValue(t.ctx, "counter", append(bytes.Clone(value), 'x'), version)
					if err == nil {
						break
					}
					if !errors.Is(err, store.ErrConflict) {
						return err
					}
				}
			}
			return nil
		})
		value, _, err := t.store.Value(t.ctx, "counter")
		t.ok("Value", err)
		t.same("how often it was set", len(value), writers*rounds)
	})
}
