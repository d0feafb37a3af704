package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// child is set in a process that a test has started to kill it.
const child = "CONVTRACK_BROKER_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(child) != "" {
		main()
	}
	os.Exit(m.Run())
}

// play runs the program in this process.
func play(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = start(t.Context(), args, &out, &errs)
	return code, out.String(), errs.String()
}

func TestWithoutFlagsASubscriberHearsEveryEventOfACallInOrder(t *testing.T) {
	code, out, errs := play(t, "-calls", "2")
	require.Zero(t, code, errs)
	heard := map[string][]string{}
	for line := range strings.Lines(out) {
		fields := strings.Fields(line)
		require.Len(t, fields, 3)
		heard[fields[0]] = append(heard[fields[0]], fields[1])
	}
	require.Len(t, heard, 2)
	for _, types := range heard {
		require.Equal(t, "conversation.created", types[0])
		require.Equal(t, "conversation.ended", types[len(types)-1])
		require.Contains(t, types, "agent.transferred")
	}
}

func TestWrongUseIsExplained(t *testing.T) {
	for args, says := range map[string]string{
		"-calls 0":                          "-calls must be at least 1",
		"-nats nats://u:secret@127.0.0.1:1": "see that the server runs",
		"-kafka 127.0.0.1:1":                "-kafka 127.0.0.1:1",
		"calls.json":                        `"calls.json" is not understood`,
		"-nats":                             "flag needs an argument",
		"-db /does/not/exist/at.db":         "/does/not/exist",
	} {
		code, _, errs := play(t, strings.Fields(args)...)
		require.NotZero(t, code, args)
		require.Contains(t, errs, says)
		require.NotContains(t, errs, "secret")
	}
}
