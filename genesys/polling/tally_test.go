package polling

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAnAnswerThatIsNotUnderstoodHoldsUpNoOtherUnlessAllAreSo(t *testing.T) {
	odd, broken := notUnderstood("a page"), errors.New("broken")
	var one tally
	for _, err := range []error{odd, nil, odd, odd, odd, odd, nil} {
		require.NoError(t, one.note("c-1", err))
	}
	require.NoError(t, one.err())
	require.Equal(t, broken, one.note("c-1", broken))
	all := tally{another: func([]string) bool { return false }}
	require.NoError(t, all.err(), "nothing was asked")
	require.NoError(t, all.note("c-1", odd))
	require.Equal(t, odd, all.err())
	require.NoError(t, all.note("c-2", odd))
	require.Equal(t, odd, all.note("c-3", odd), "the others are not asked for")
}

func TestAnswersAreOnlyOddWhenTheSameIsUnderstoodAboutAnother(t *testing.T) {
	odd, asked := notUnderstood("a page"), 0
	some := tally{another: func(besides []string) bool {
		asked++
		require.Equal(t, []string{"c-1", "c-2", "c-3"}, besides)
		return true
	}}
	for _, id := range []string{"c-1", "c-2", "c-3", "c-4"} {
		require.NoError(t, some.note(id, odd))
	}
	require.NoError(t, some.err())
	require.Equal(t, 1, asked)
}
