package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/dcmkit/convtrack/genesys"
)

func TestMain(m *testing.M) {
	if slices.Contains(os.Args, "-apart") || slices.Contains(os.Args, "-emulator") { // this is a process of the command
		os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	goleak.VerifyTestMain(m)
}

// The whole command needs a PostgreSQL, as the measurement does: it fails
// where there is none, and says what to install.
func TestAQuickRunFillsEveryTable(t *testing.T) {
	var out, progress bytes.Buffer
	profile := filepath.Join(t.TempDir(), "cpu.out")
	code := run(t.Context(), []string{"-quick", "-seconds", "0.05", "-stored", "100,300", "-cpuprofile", profile}, nil, &out, &progress)
	require.Equal(t, exitMeasured, code, "%s", &progress)
	for _, title := range []string{"Beside what somebody would use instead", "Updates in a batch", "Replicas", "Conversations stored", "A hook that one conversation of 256 is too much for", "With 1.5 ms more for each fsync",
		"From an SQS queue to an After hook", "Calls of the data action", "From hearing to the After hook", "Posts of EventBridge"} {
		require.Contains(t, out.String(), "## "+title)
	}
	for _, v := range variantsApart() {
		if v.name == "pgbench" && strings.Contains(progress.String(), errLeftOut.Error()) {
			continue // it is not installed everywhere
		}
		require.Regexp(t, `(?m)^\| `+v.name+` .*\| \d+ +\|`, out.String())
	}
	info, err := os.Stat(profile)
	require.NoError(t, err)
	require.Positive(t, info.Size())
}

func TestWrongFlagsAreRefused(t *testing.T) {
	for _, args := range [][]string{
		{"-tables", "ratio"}, {"-variants", "sqlx"}, {"-rounds", "0"}, {"-seconds", "0"}, {"-stored", "many"}, {"-stored", "1"}, {"quick"}, {"-apart", "sqlx"},
	} {
		var out, says bytes.Buffer
		require.Equal(t, exitUsage, run(t.Context(), args, nil, &out, &says), "%v", args)
		require.NotEmpty(t, says.String())
		require.Empty(t, out.String())
	}
}

// full is a device without space.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestTablesThatCannotBeWrittenAreAnErrorBeforeAnythingIsMeasured(t *testing.T) {
	var says bytes.Buffer
	require.Equal(t, exitFailed, run(t.Context(), []string{"-quick"}, nil, full{}, &says))
	require.Contains(t, says.String(), "stdout: "+syscall.ENOSPC.Error())
	require.NotContains(t, says.String(), "round 1")
}

func TestADatabaseThatDoesNotAnswerIsNamed(t *testing.T) {
	var out, says bytes.Buffer
	require.Equal(t, exitFailed, run(t.Context(), []string{"-database", "host=127.0.0.1 port=1 dbname=none connect_timeout=2"}, nil, &out, &says))
	require.Contains(t, says.String(), "127.0.0.1:1")
	require.Contains(t, says.String(), "leave -database out")
}

func TestNotificationsAreFullSizeAndOfConversationsThatDiffer(t *testing.T) {
	traffic := newTraffic(2)
	seen := map[string]int{}
	for range 3 * versions {
		for slot := range 2 {
			data := traffic.notification(slot)
			require.Greater(t, len(data), 9000)
			m, err := genesys.Decode(data, time.Now())
			require.NoError(t, err)
			require.Len(t, m.Conversations[0].Participants, participants)
			seen[m.Conversations[0].ID]++
		}
	}
	require.GreaterOrEqual(t, len(seen), 6)
	for _, n := range seen {
		require.LessOrEqual(t, n, versions)
	}
}

func TestEnvelopesSayWhatTheNotificationsSay(t *testing.T) {
	data := newTraffic(1).notification(0)
	want, err := genesys.Decode(data, time.Now())
	require.NoError(t, err)
	m, err := genesys.DecodeDelivered(envelope(7, data), time.Now())
	require.NoError(t, err)
	require.Equal(t, want.Conversations[0].ID, m.Conversations[0].ID)
	require.Len(t, m.Conversations[0].Participants, participants)
}

func TestAProducerThatFailsEndsTheRound(t *testing.T) {
	n, err := newTraffic(8).produce(t.Context(), 8, time.Hour, func(slot int) (bool, error) {
		if slot == 3 {
			return false, os.ErrInvalid
		}
		return true, nil
	})
	require.ErrorIs(t, err, os.ErrInvalid)
	require.GreaterOrEqual(t, n, int64(0))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = newTraffic(8).produce(ended, 8, time.Hour, func(int) (bool, error) { return true, nil })
	require.ErrorIs(t, err, context.Canceled)
}

func TestIDsOfAReferenceAreAllDifferent(t *testing.T) {
	seen := map[string]bool{}
	for n := range 1000 {
		for _, of := range []kind{ofConversation, ofParticipant, ofSession} {
			for i := range legs {
				id := referenceID(of, n, i)
				require.Len(t, id, 36)
				require.False(t, seen[id], id)
				seen[id] = true
			}
		}
	}
}

func TestTheBestSettingsOfARoundCount(t *testing.T) {
	entries := []*entry{
		{variant: variant{name: "a"}, rates: []float64{1, 20}, client: []float64{5, 6}, served: []float64{1, 1}},
		{variant: variant{name: "a"}, rates: []float64{10, 2}, client: []float64{7, 8}, served: []float64{1, 1}},
		{variant: variant{name: "b"}, rates: []float64{2, 2}, client: []float64{80, 7}, served: []float64{0, 7}},
	}
	require.Equal(t, score{rates: []float64{10, 20}, cpu: []float64{8, 7}}, best(entries, "a"))
	require.Empty(t, best(entries, "c").rates)
	c := comparison{over: best(entries, "a"), under: best(entries, "b"), least: 7.5}
	require.Equal(t, []float64{5, 10}, c.ratios())
	require.InDelta(t, 6, c.cpu(), 1e-9)
	_, verdict := c.verdict()
	require.Equal(t, "met", verdict)
	c.least = 7.6
	_, verdict = c.verdict()
	require.Equal(t, "**missed**", verdict)
}

func TestGoalsThatAreMissedAreCounted(t *testing.T) {
	s := func(rates ...float64) score { return score{rates: rates, cpu: slices.Repeat([]float64{1}, len(rates))} }
	var out bytes.Buffer
	missed := writeComparisons(&out, []comparison{
		{say: "good", over: s(3), under: s(1), least: 2}, {say: "bad", over: s(1), under: s(1), least: 2},
		{say: "costly", over: s(2), under: s(1), most: 1.3}, {say: "absent", over: s(2), least: 1},
	})
	require.Equal(t, 2, missed)
	require.NotContains(t, out.String(), "absent")
}
