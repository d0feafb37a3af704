package conversation

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestAPlanThatWasChangedBeforeItsDayIsNoRelease is the example of Releases.
func TestAPlanThatWasChangedBeforeItsDayIsNoRelease(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2025, 1, n, 9, 0, 0, 0, time.UTC) }
	said := func(e Evaluation, by Source, seen time.Time) *Conversation {
		e.ID = "e"
		return State(&Conversation{ID: "c", Evaluations: []*Evaluation{&e}}, Statement{By: by, Seen: seen})
	}
	first := said(Evaluation{Status: EvaluationFinished, ChangedDate: day(1), ReleaseDate: day(3)}, SourceREST, day(1))
	second := said(Evaluation{Status: EvaluationFinished, ChangedDate: day(2), ReleaseDate: day(5)}, SourceREST, day(2))
	opened := said(Evaluation{Status: EvaluationInProgress, ChangedDate: day(6)}, SourceREST, day(6))
	record := said(Evaluation{Status: EvaluationFinished, EventTime: day(5).Add(time.Hour), Released: true}, SourceAnalytics, day(5).Add(time.Hour))
	for _, all := range [][]*Conversation{{first, second, opened}, {first, second, opened, record}} {
		releases := inEveryOrder(t, all...).Evaluations[0].Releases()
		require.Len(t, releases, 1)
		require.Equal(t, day(5), releases[0].ReleaseDate)
		require.True(t, releases[0].Undated)
	}
}
