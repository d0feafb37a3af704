package duration_test

import (
	"flag"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/examples/internal/duration"
)

func TestADurationThatIsWrittenWrongGetsAnExampleOfARightOne(t *testing.T) {
	var d time.Duration
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	duration.Var(flags, &d, "for", 10*time.Minute, "how long, as a `DURATION`")
	require.Equal(t, 10*time.Minute, d)
	require.Equal(t, "10m0s", flags.Lookup("for").DefValue)
	for _, wrong := range []string{"x", "", "10", "10 min", "1d"} {
		require.EqualError(t, flags.Parse([]string{"-for", wrong}), `invalid value "`+wrong+`" for flag -for: it is a duration as in 500ms, 90s, 10m or 1h30m`)
		require.Equal(t, 10*time.Minute, d)
	}
	for _, right := range []string{"500ms", "90s", "10m", "1h30m"} {
		require.NoError(t, flags.Parse([]string{"-for", right}))
		want, err := time.ParseDuration(right)
		require.NoError(t, err)
		require.Equal(t, want, d)
	}
}
