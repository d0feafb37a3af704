//go:build !race

// Months take minutes under the race detector; see bulk_test.go.

package polling_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/polling"
)

// seldom reads everything except late data only once a day.
func seldom() polling.Config {
	return polling.Config{JobsEvery: -1, DiscoverEvery: day, FollowEvery: day, FollowLeast: day, Overlap: time.Minute}
}

// TestLateReadingReachesAsFarAsEvaluationsAndSurveysChange plays the scenarios
// of surveys and evaluations and does nothing but poll.
func TestLateReadingReachesAsFarAsEvaluationsAndSurveysChange(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		for _, s := range genesystest.Scenarios() {
			if len(s.Judged) > 0 {
				w.server.Play(s.Story())
			}
		}
		w.settle(10 * time.Minute)
		w.lease = time.Hour
		w.start(seldom())
		evaluation := func(id string) *conversation.Evaluation { return w.get(id).Evaluations[0] }
		w.settle(75 * time.Hour)
		require.Equal(t, conversation.SurveySent, w.get("c-expired-survey").Surveys[0].Status)
		require.Equal(t, 79.6, *evaluation("c-scheduled-release").TotalScore)
		require.False(t, evaluation("c-scheduled-release").Released)
		require.True(t, evaluation("c-scheduled-release").ReleasedBy(time.Now().Add(41*day)))
		require.Equal(t, 79.6, *w.get("c-voice-survey").Surveys[0].TotalScore)
		require.Equal(t, "survey.invite.failed", w.get("c-voice-survey").Surveys[1].ErrorReason)

		w.settle(15*day - 75*time.Hour)
		require.Equal(t, 84.21, *evaluation("c-evaluated-late").TotalScore)
		require.Equal(t, 60.0, *evaluation("c-reopened-evaluation").TotalScore)
		require.True(t, evaluation("c-reopened-evaluation").Rescored)
		require.Equal(t, conversation.EvaluationInProgress, evaluation("c-reopened-for-good").Status)
		require.True(t, evaluation("c-deleted-evaluation").Deleted)
		require.Len(t, w.get("c-calibrated").Evaluations, 3)

		w.settle(32 * day)
		require.True(t, evaluation("c-scheduled-release").Released)
		require.False(t, evaluation("c-reopened-for-good").Released)
		w.settle(45 * day)
		require.Equal(t, conversation.SurveyExpired, w.get("c-expired-survey").Surveys[0].Status)
	}, genesystest.TokenLifetime(1000*day))
}

// TestLateReadingCostsLittle counts the requests that late reading makes for a
// conversation in all, where one of ten is evaluated and one of five surveyed.
func TestLateReadingCostsLittle(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		const conversations = 100
		for i := range conversations { // within five minutes
			s := genesystest.BlindTransferToQueue()
			s.ID = fmt.Sprintf("c-%03d", i)
			if i%10 == 0 {
				s.Evaluation("evaluation-"+s.ID, "user-b", "judge", "q-2", 2*time.Hour).Finish(time.Duration(1+i%13)*day, 84.21, 100)
			}
			if i%5 == 0 {
				v := s.Survey("survey-"+s.ID, "user-b", "q-2", 10*time.Minute)
				if i%2 == 0 {
					v.Complete(20*time.Hour, 90.5, 9)
				} else {
					v.Expired = 90 * day
				}
			}
			w.server.Play(s)
			time.Sleep(1600 * time.Millisecond)
		}
		w.settle(10 * time.Minute)
		w.lease = time.Hour
		w.start(seldom())
		w.settle(20 * time.Minute)
		began := time.Now()
		w.settle(93 * day)

		details, quality := 0, 0
		for _, r := range w.requests("/api/v2/", began) {
			switch {
			case strings.HasPrefix(r.Path, "/api/v2/quality/"):
				quality++
			case r.Path == "/api/v2/analytics/conversations/details":
				details++
			}
		}
		t.Logf("%.3f requests for a conversation: %d for records, %d to the quality API", float64(details+quality)/conversations, details, quality)
		require.LessOrEqual(t, details, 8*conversations/100+12, "a hundred at a time, eight times; they end over some minutes")
		require.LessOrEqual(t, quality, 3*conversations/10, "one for each evaluation and change of it, one for each answered survey")
		for i := range conversations {
			c := w.get(fmt.Sprintf("c-%03d", i))
			if i%10 == 0 {
				require.Equal(t, 84.21, *c.Evaluations[0].TotalScore, c.ID)
			}
			if i%5 == 0 {
				require.Contains(t, []conversation.SurveyStatus{conversation.SurveyFinished, conversation.SurveyExpired}, c.Surveys[0].Status)
			}
		}
	}, genesystest.TokenLifetime(1000*day))
}
