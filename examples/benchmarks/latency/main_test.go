package main

import (
	"bytes"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWrongFlagsAreRefused(t *testing.T) {
	for _, args := range [][]string{{"-tables", "frame"}, {"-tables", ""}, {"-rounds", "0"}, {"-round", "1"}, {"quick"}} {
		var out, says bytes.Buffer
		require.Error(t, run(t.Context(), args, &out, &says), "%v", args)
		require.Empty(t, out.String())
	}
}

// full is a device without space.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestTablesThatCannotBeWrittenAreAnErrorBeforeAnythingIsMeasured(t *testing.T) {
	var says bytes.Buffer
	require.ErrorIs(t, run(t.Context(), []string{"-quick"}, full{}, &says), syscall.ENOSPC)
	require.Empty(t, says.String())
}
