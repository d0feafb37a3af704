package genesys_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
)

// judged joins messages in the given order; read is when they were read.
func judged(t *testing.T, read time.Time, messages ...string) *conversation.Conversation {
	t.Helper()
	var c *conversation.Conversation
	for _, text := range messages {
		m, err := genesys.Decode([]byte(text), read)
		require.NoError(t, err)
		for _, said := range m.Conversations {
			c = conversation.Merge(c, said)
		}
	}
	return c
}

func evaluationREST(fields string) string {
	return `{"id":"e","conversation":{"id":"c"},"evaluationForm":{"id":"f","name":"Form","contextId":"x"},"evaluator":{"id":"u-eval"},"agent":{"id":"u"},` + fields + `}`
}

func evaluationRecord(fields string) string {
	return `{"conversationId":"c","conversationStart":"2026-03-01T10:00:00Z","participants":[],"evaluations":[{"evaluationId":"e","userId":"u","evaluatorId":"u-eval",` + fields + `}]}`
}

func surveyRecord(fields string) string {
	return `{"conversationId":"c","conversationStart":"2026-03-01T10:00:00Z","participants":[],"surveys":[{"surveyId":"v",` + fields + `}]}`
}

func TestAScheduledReleaseIsNoReleaseUntilItsDateHasCome(t *testing.T) {
	scheduled := evaluationREST(`"status":"FINISHED","changedDate":"2026-03-10T08:00:00Z","releaseDate":"2026-04-20T08:00:00Z","answers":{"totalScore":80.25}`)
	date := time.Date(2026, 4, 20, 8, 0, 0, 0, time.UTC)
	for read, released := range map[time.Time]bool{{}: false, date.Add(-time.Second): false, date: true} {
		e := judged(t, read, scheduled).Evaluations[0]
		require.Equal(t, released, e.Released, "read at %v", read)
		require.Equal(t, date, e.ReleaseDate)
		require.True(t, e.ReleasedBy(date))
	}
	atOnce := evaluationREST(`"status":"FINISHED","changedDate":"2026-03-10T08:00:00Z","releaseDate":"2026-03-10T08:00:00Z"`)
	require.True(t, judged(t, time.Time{}, atOnce).Evaluations[0].Released)
}

// TestWhateverComesFirstAnEvaluationEndsAsItsLastChangeSays goes through the
// ways of an evaluation, told by the quality API, its topic and records.
func TestWhateverComesFirstAnEvaluationEndsAsItsLastChangeSays(t *testing.T) {
	topic := func(fields string) string {
		return `{"topicName":"v2.quality.evaluations","version":"2","eventBody":{"id":"e","conversationId":"c","evaluationFormId":"f","agent":{"id":"u"},"evaluator":{"id":"u-eval"},` + fields + `}}`
	}
	for name, is := range map[string]struct {
		said  []string
		check func(*testing.T, *conversation.Evaluation)
	}{
		"opened again before its scheduled release": {[]string{
			evaluationREST(`"status":"FINISHED","assignedDate":"2026-03-02T08:00:00Z","changedDate":"2026-03-10T08:00:00Z","releaseDate":"2026-04-20T08:00:00Z","answers":{"totalScore":80.0}`),
			topic(`"status":"InProgress","changedDate":"2026-03-12T08:00:00Z","eventTime":"2026-03-12T08:00:00Z","assignedDate":"2026-03-02T08:00:00Z"`),
			evaluationRecord(`"evaluationStatus":"Finished","eventTime":"2026-03-13T08:00:00Z","rescored":true,"oTotalScore":61`),
		}, func(t *testing.T, e *conversation.Evaluation) {
			require.Equal(t, conversation.EvaluationFinished, e.Status)
			require.False(t, e.Released)
			require.Zero(t, e.ReleaseDate)
			require.True(t, e.Rescored)
			require.Equal(t, 61.0, *e.TotalScore)
			require.Equal(t, "f", e.FormID)
			require.NotZero(t, e.AssignedDate)
		}},
		"released, and taken back": {[]string{
			evaluationRecord(`"evaluationStatus":"Finished","eventTime":"2026-03-02T10:00:00Z","released":true,"oTotalScore":84`),
			evaluationRecord(`"evaluationStatus":"InProgress","eventTime":"2026-03-03T10:00:00Z","released":false`),
		}, func(t *testing.T, e *conversation.Evaluation) {
			require.False(t, e.Released)
			require.Nil(t, e.TotalScore)
		}},
		"assigned, then done": {[]string{
			evaluationRecord(`"evaluationStatus":"Pending","eventTime":"2026-03-02T10:00:00Z","assigneeApplicable":true,"assigneeId":"u-eval"`),
			evaluationRecord(`"evaluationStatus":"Finished","eventTime":"2026-03-03T10:00:00Z","released":true,"oTotalScore":84,"oTotalCriticalScore":0`),
		}, func(t *testing.T, e *conversation.Evaluation) {
			require.Empty(t, e.AssigneeID)
			require.False(t, e.AssigneeApplicable)
			require.Zero(t, *e.TotalCriticalScore)
		}},
		"deleted": {[]string{
			evaluationRecord(`"evaluationStatus":"Pending","eventTime":"2026-03-02T10:00:00Z","assigneeId":"u-eval"`),
			evaluationRecord(`"evaluationStatus":"Pending","eventTime":"2026-03-03T10:00:00Z","deleted":true`),
			evaluationREST(`"status":"PENDING","changedDate":"2026-03-02T10:00:00Z","assignee":{"id":"u-eval"}`),
		}, func(t *testing.T, e *conversation.Evaluation) {
			require.True(t, e.Deleted)
			require.Equal(t, conversation.EvaluationPending, e.Status)
			require.Empty(t, e.AssigneeID)
		}},
		"exact, and told by the topic and the record": {[]string{
			evaluationREST(`"status":"FINISHED","changedDate":"2026-03-10T08:00:00.100Z","answers":{"totalScore":84.21,"totalCriticalScore":0.0,"comments":"well done"}`),
			topic(`"status":"Finished","changedDate":"2026-03-10T08:00:00.100Z","eventTime":"2026-03-10T08:00:00.900Z","scoringSet":{"totalScore":84,"totalCriticalScore":0}`),
			evaluationRecord(`"evaluationStatus":"Finished","eventTime":"2026-03-10T08:00:02Z","oTotalScore":84,"oTotalCriticalScore":0`),
		}, func(t *testing.T, e *conversation.Evaluation) {
			require.Equal(t, 84.21, *e.TotalScore)
			require.Equal(t, "well done", e.Comments)
		}},
		"listed without its scores": {[]string{
			evaluationREST(`"status":"FINISHED","changedDate":"2026-03-10T08:00:00Z","answers":{"totalScore":84.21}`),
			evaluationREST(`"status":"FINISHED","changedDate":"2026-03-11T08:00:00Z","agentHasRead":true`),
		}, func(t *testing.T, e *conversation.Evaluation) {
			require.True(t, e.AgentHasRead)
			require.Equal(t, 84.21, *e.TotalScore)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			want := judged(t, time.Time{}, is.said...)
			is.check(t, want.Evaluations[0])
			for i := range is.said {
				turned := append(append([]string{}, is.said[i:]...), is.said[:i]...)
				require.Equal(t, want, judged(t, time.Time{}, append(turned, is.said...)...))
				turned[0], turned[len(turned)-1] = turned[len(turned)-1], turned[0]
				require.Equal(t, want, judged(t, time.Time{}, turned...))
			}
		})
	}
}

func TestASurveyThatIsReadTooEarlyDoesNotStayPending(t *testing.T) {
	rest := func(fields string) string {
		return `[{"id":"v","conversation":{"id":"c"},"surveyForm":{"id":"f"},"surveyType":"Voice",` + fields + `}]`
	}
	completed := time.Date(2026, 3, 1, 10, 4, 50, 0, time.UTC)
	finished := rest(`"status":"Finished","completedDate":"2026-03-01T10:04:50Z","missingRequiredAnswer":true,"answers":{"totalScore":79.6,"npsScore":1}`)
	early := rest(`"status":"Pending"`)
	record := surveyRecord(`"surveyStatus":"Finished","eventTime":"2026-03-01T10:05:02.7Z","surveyCompletedDate":"2026-03-01T10:04:50Z","oSurveyTotalScore":80,"surveyPromoterScore":1`)
	for _, said := range [][]string{{early, finished, record}, {finished, early, record}, {record, finished, early}, {record, early, finished}} {
		s := judged(t, completed.Add(5*time.Second), said...).Surveys[0]
		require.Equal(t, conversation.SurveyFinished, s.Status)
		require.Equal(t, 79.6, *s.TotalScore)
		require.True(t, s.Partial)
	}
}

func TestWhatTheQualityAPISaysBesideTheScoresIsKept(t *testing.T) {
	e := judged(t, time.Time{}, evaluationREST(`"status":"FINISHED","changedDate":"2026-03-10T08:00:00Z","neverRelease":true,"systemSubmitted":true,"evaluationContextId":"ec",
		"disputeCount":2,"version":5,"assigneeApplicable":true,"answers":{"totalScore":1,"totalNonCriticalScore":2.5,"anyFailedKillQuestions":true,"comments":"a","privateComments":"b","agentComments":"d",
		"questionGroupScores":[ {"questionGroupId":"g", "questionScores":[{"questionId":"q","score":3,"comments":"x"}]} ]}`)).Evaluations[0]
	require.True(t, e.NeverRelease && e.SystemSubmitted && e.AssigneeApplicable && e.AnyFailedKillQuestions)
	require.Equal(t, "ec", e.EvaluationContextID)
	require.Equal(t, int64(2), e.DisputeCount)
	require.Equal(t, int64(5), e.Version)
	require.Equal(t, 2.5, *e.TotalNonCriticalScore)
	require.Equal(t, "a b d", strings.Join([]string{e.Comments, e.PrivateComments, e.AgentComments}, " "))
	require.JSONEq(t, `[{"questionGroupId":"g","questionScores":[{"questionId":"q","score":3,"comments":"x"}]}]`, e.QuestionGroupScores)

	s := judged(t, time.Time{}, `{"id":"v","conversation":{"id":"c"},"status":"Error","surveyForm":{"id":"f"},"surveyErrorDetails":{"surveyErrorReason":"flow.failed","flowDiagnosticInfo":{"lastActionId":4}},
		"answers":{"questionGroupScores":[]}}`).Surveys[0]
	require.Equal(t, "flow.failed", s.ErrorReason)
	require.JSONEq(t, `{"surveyErrorReason":"flow.failed","flowDiagnosticInfo":{"lastActionId":4}}`, s.ErrorDetails)
	require.Empty(t, s.QuestionGroupScores)
}

// TestCommentsAreNotInErrors: they are personal data.
func TestCommentsAreNotInErrors(t *testing.T) {
	_, err := genesys.Decode([]byte(evaluationREST(`"status":"FINISHED","version":"many","answers":{"comments":"secret words","questionGroupScores":[{"comments":"secret words"}]}`)), time.Time{})
	require.Error(t, err)
	require.NotContains(t, err.Error(), "secret")
}
