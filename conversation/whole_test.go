package conversation

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// day is so many days after the conversation's beginning.
func day(n float64) time.Time { return epoch.Add(time.Duration(n * 24 * float64(time.Hour))) }

func points(n float64) *float64 { return &n }

// evaluated is what a source says of an evaluation, read at a time.
func evaluated(by Source, seen time.Time, e Evaluation) *Conversation {
	e.ID = "e"
	return State(&Conversation{ID: "c", Evaluations: []*Evaluation{&e}}, Statement{By: by, Seen: seen})
}

// surveyed is what a source says of a survey, read at a time.
func surveyed(by Source, seen time.Time, s Survey) *Conversation {
	s.ID = "v"
	return State(&Conversation{ID: "c", Surveys: []*Survey{&s}}, Statement{By: by, Seen: seen})
}

// inEveryOrder joins what was said in every order, some of it twice, and
// demands that it makes no difference.
func inEveryOrder(t *testing.T, said ...*Conversation) *Conversation {
	t.Helper()
	var want *Conversation
	for _, c := range said {
		want = Merge(want, c)
	}
	permute(len(said), func(order []int) {
		var got *Conversation
		for _, i := range order {
			got = Merge(Merge(got, said[i]), said[order[0]])
		}
		requireSame(t, want, got)
	})
	return want
}

func permute(n int, do func(order []int)) {
	var place func(order []int, used int)
	place = func(order []int, used int) {
		if len(order) == n {
			do(order)
			return
		}
		for i := range n {
			if used&(1<<i) == 0 {
				place(append(order[:len(order):len(order)], i), used|1<<i)
			}
		}
	}
	place(nil, 0)
}

func TestAnEvaluationIsAsItsLatestChangeSays(t *testing.T) {
	scheduled := evaluated(SourceREST, day(9), Evaluation{Status: EvaluationFinished, FormID: "f", AssignedDate: day(1), ChangedDate: day(9), ReleaseDate: day(50),
		TotalScore: points(80), Comments: "c"})
	reopened := evaluated(SourceREST, day(11), Evaluation{Status: EvaluationInProgress, FormID: "f", AssignedDate: day(1), ChangedDate: day(11), Rescored: true,
		TotalScore: points(60)})
	again := evaluated(SourceAnalytics, day(30), Evaluation{Status: EvaluationFinished, EventTime: day(12), Rescored: true, TotalScore: points(59)})

	e := inEveryOrder(t, scheduled, reopened).Evaluations[0]
	require.Equal(t, EvaluationInProgress, e.Status)
	require.Zero(t, e.ReleaseDate, "what a newer statement of the same kind lacks is gone")
	require.Empty(t, e.Comments)

	e = inEveryOrder(t, scheduled, reopened, again).Evaluations[0]
	require.Equal(t, EvaluationFinished, e.Status)
	require.Equal(t, 59.0, *e.TotalScore)
	require.Equal(t, day(1), e.AssignedDate, "a record does not know it")
	require.Equal(t, "f", e.FormID, "a form does not go away")
	require.False(t, e.Released)
}

func TestWhatANewerStatementOfTheSameKindLacksIsGone(t *testing.T) {
	for i, f := range evaluationFields.fields {
		for _, source := range []Source{SourceAnalytics, SourceREST, SourceTopic} {
			full, bare := Evaluation{ID: "e"}, Evaluation{ID: "e", Status: EvaluationPending}
			fill(t, f.Value(&full))
			full.ChangedDate = day(1)
			if bare.ChangedDate = day(2); f.Name == "evaluationStatus" || f.Name == "changedDate" {
				continue
			}
			e := inEveryOrder(t, evaluated(source, day(1), full), evaluated(source, day(2), bare)).Evaluations[0]
			require.True(t, evaluationFields.fields[i].zero(e), "%s as %s says", f.Name, source)
		}
	}
}

func TestAListThatLeavesTheScoresOutDoesNotTakeThemAway(t *testing.T) {
	full := evaluated(SourceREST, day(2), Evaluation{Status: EvaluationFinished, ChangedDate: day(2), TotalScore: points(84.21), Comments: "c", QuestionGroupScores: "[]"})
	listed := evaluated(SourceREST, day(3), Evaluation{Status: EvaluationInReview, ChangedDate: day(3), AgentHasRead: true})
	e := inEveryOrder(t, full, listed).Evaluations[0]
	require.Equal(t, EvaluationInReview, e.Status)
	require.True(t, e.AgentHasRead)
	require.Equal(t, 84.21, *e.TotalScore)
	require.Equal(t, "c", e.Comments)
}

func TestAnExactScoreIsKeptInItsState(t *testing.T) {
	rest := func(score float64) *Conversation {
		return evaluated(SourceREST, day(2), Evaluation{Status: EvaluationFinished, ChangedDate: day(2), TotalScore: points(score), TotalCriticalScore: points(0)})
	}
	record := func(status EvaluationStatus, score float64, rescored bool) *Conversation {
		return evaluated(SourceAnalytics, day(4), Evaluation{Status: status, EventTime: day(3), Rescored: rescored, TotalScore: points(score), TotalCriticalScore: points(0)})
	}
	for _, is := range []struct {
		exact  float64
		record *Conversation
		want   float64
	}{
		{84.21, record(EvaluationFinished, 84, false), 84.21},
		{83.5, record(EvaluationFinished, 84, false), 83.5},
		{84.21, record(EvaluationFinished, 84, true), 84},
		{84.21, record(EvaluationFinished, 70, false), 70},
		{84.21, record(EvaluationInReview, 84, false), 84},
	} {
		e := inEveryOrder(t, rest(is.exact), is.record).Evaluations[0]
		require.Equal(t, is.want, *e.TotalScore)
		require.Zero(t, *e.TotalCriticalScore)
	}
	e := inEveryOrder(t, rest(84.21), record(EvaluationFinished, 84, true), evaluated(SourceAnalytics, day(9), Evaluation{Status: EvaluationInProgress, EventTime: day(9)})).Evaluations[0]
	require.Nil(t, e.TotalScore, "a record without scores says that there are none")
}

func TestAReleaseIsAFlagOrADateThatHasCome(t *testing.T) {
	finished := Evaluation{Status: EvaluationFinished, ChangedDate: day(2), ReleaseDate: day(20)}
	early := evaluated(SourceREST, day(2), finished)
	finished.Released = true // read after the date
	late := evaluated(SourceREST, day(21), finished)
	record := func(changed float64, released bool) *Conversation {
		return evaluated(SourceAnalytics, day(40), Evaluation{Status: EvaluationFinished, EventTime: day(changed), Released: released})
	}

	e := inEveryOrder(t, early).Evaluations[0]
	require.False(t, e.Released)
	require.False(t, e.ReleasedBy(day(19)))
	require.True(t, e.ReleasedBy(day(20)))
	require.True(t, inEveryOrder(t, early, late).Evaluations[0].Released)
	require.True(t, inEveryOrder(t, early, late, record(2.001, false)).Evaluations[0].Released, "the date came after the last change")
	require.True(t, inEveryOrder(t, early, record(20, true)).Evaluations[0].Released)

	e = inEveryOrder(t, early, late, record(30, false)).Evaluations[0]
	require.False(t, e.Released, "it was taken back")
	require.False(t, e.ReleasedBy(day(99)))
	require.False(t, inEveryOrder(t, record(3, true), record(4, false)).Evaluations[0].Released)

	for _, held := range []Evaluation{{Status: EvaluationInProgress}, {Status: EvaluationRetracted}, {Status: EvaluationFinished, Deleted: true}, {Status: EvaluationFinished, NeverRelease: true}} {
		held.ReleaseDate = day(1)
		require.False(t, held.ReleasedBy(day(2)))
	}
}

func TestAnAssigneeGoesWhenTheEvaluationIsDoneOrDeleted(t *testing.T) {
	pending := evaluated(SourceAnalytics, day(1), Evaluation{Status: EvaluationPending, EventTime: day(1), AssigneeID: "u", AssigneeApplicable: true})
	e := inEveryOrder(t, pending, evaluated(SourceAnalytics, day(9), Evaluation{Status: EvaluationPending, EventTime: day(2), Deleted: true})).Evaluations[0]
	require.Equal(t, EvaluationPending, e.Status)
	require.True(t, e.Deleted)
	require.Empty(t, e.AssigneeID)
	require.False(t, e.AssigneeApplicable)
}

// TestStatementsOfOneChangeStandAsTheyWereHeard: these have no other order.
func TestStatementsOfOneChangeStandAsTheyWereHeard(t *testing.T) {
	for _, source := range []Source{SourceAnalytics, SourceREST, SourceTopic} {
		unread := evaluated(source, day(3), Evaluation{Status: EvaluationInReview, ChangedDate: day(2), EvaluatorID: "u2"})
		read := evaluated(source, day(4), Evaluation{Status: EvaluationInReview, ChangedDate: day(2), EvaluatorID: "u1", AgentHasRead: true})
		e := inEveryOrder(t, unread, read).Evaluations[0]
		require.True(t, e.AgentHasRead)
		require.Equal(t, "u1", e.EvaluatorID)
		e = inEveryOrder(t, unread, read, evaluated(source, day(5), *unread.Evaluations[0])).Evaluations[0]
		require.False(t, e.AgentHasRead)
	}
}

func TestWhetherAStatementHasATimeOfItsOwnDependsOnNoOrder(t *testing.T) {
	stated := func(by Statement) *Conversation {
		return State(&Conversation{ID: "c", Surveys: []*Survey{{ID: "v", Status: SurveySent}}}, by)
	}
	told, read := stated(Statement{By: SourceREST, At: at(1), Seen: at(1)}), stated(Statement{By: SourceREST, Seen: at(1)})
	requireSame(t, Merge(Merge(nil, told), read), Merge(Merge(nil, read), told))
}

func TestASurveyIsReadBeforeItsStateIsKnown(t *testing.T) {
	completed := at(0)
	finished := surveyed(SourceREST, completed.Add(time.Minute), Survey{Status: SurveyFinished, CompletedDate: completed, TotalScore: points(79.6), Partial: true})
	early := surveyed(SourceREST, completed.Add(4*time.Second), Survey{Status: SurveyPending})
	record := surveyed(SourceAnalytics, day(1), Survey{Status: SurveyFinished, CompletedDate: completed, EventTime: completed.Add(11500 * time.Millisecond), TotalScore: points(80)})
	for _, said := range [][]*Conversation{{early, finished}, {early, record}, {early, finished, record}} {
		require.Equal(t, SurveyFinished, inEveryOrder(t, said...).Surveys[0].Status)
	}
	s := inEveryOrder(t, early, finished, record).Surveys[0]
	require.Equal(t, 79.6, *s.TotalScore)
	require.True(t, s.Partial)
	require.Equal(t, completed.Add(11500*time.Millisecond), s.EventTime)
}

func TestASurveyGoesThroughItsStates(t *testing.T) {
	record := func(status SurveyStatus, eventTime time.Time) *Conversation {
		return surveyed(SourceAnalytics, day(99), Survey{Status: status, EventTime: eventTime, UserID: "u"})
	}
	sent := surveyed(SourceREST, day(95), Survey{Status: SurveySent})
	for _, end := range []SurveyStatus{SurveyExpired, SurveyError, SurveyOptOut} {
		require.Equal(t, end, inEveryOrder(t, record(SurveySent, day(3)), sent, record(end, day(90))).Surveys[0].Status)
	}
	s := inEveryOrder(t, surveyed(SourceREST, day(1), Survey{Status: SurveyError, ErrorReason: "r", ErrorDetails: "{}"}), record(SurveyError, day(1))).Surveys[0]
	require.Equal(t, "r", s.ErrorReason)
	require.Equal(t, "u", s.UserID)
	s = inEveryOrder(t, record(SurveyError, day(1)), record(SurveySent, day(2))).Surveys[0]
	require.Equal(t, SurveySent, s.Status, "a record says when")
}

func TestItIsKnownWhetherTheOwnerWasAskedSinceTheLastChange(t *testing.T) {
	record := evaluated(SourceAnalytics, day(4), Evaluation{Status: EvaluationFinished, EventTime: day(3)})
	require.False(t, record.Evaluations[0].Detailed())
	require.False(t, inEveryOrder(t, record, evaluated(SourceREST, day(2), Evaluation{Status: EvaluationFinished, ChangedDate: day(1), TotalScore: points(1)})).Evaluations[0].Detailed())
	require.True(t, inEveryOrder(t, record, evaluated(SourceREST, day(5), Evaluation{Status: EvaluationFinished, ChangedDate: day(1), TotalScore: points(1)})).Evaluations[0].Detailed())
}

// TestAPictureIsNeverMixedOfTwoStates: whatever is said in whatever order, the
// fields that move are those of one statement of the kinds that know them.
func TestAPictureIsNeverMixedOfTwoStates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var said []*Conversation
		for i := range rapid.IntRange(1, 6).Draw(t, "statements") {
			text := fmt.Sprint(i)
			said = append(said, evaluated(SourceREST, day(float64(rapid.IntRange(0, 2).Draw(t, "seen"))), Evaluation{Status: EvaluationStatus(text), AssigneeID: text,
				EvaluatorID: text, Comments: text, QueueID: text, FormName: text, ChangedDate: day(float64(rapid.IntRange(0, 2).Draw(t, "changed")))}))
		}
		var c *Conversation
		for _, i := range rapid.Permutation(indexes(said)).Draw(t, "order") {
			c = Merge(c, said[i])
		}
		e := c.Evaluations[0]
		for _, field := range []string{e.AssigneeID, e.EvaluatorID, e.Comments, e.QueueID, e.FormName} {
			require.Equal(t, string(e.Status), field)
		}
	})
}

// TestAReleaseThatIsTakenBackStaysKnown: in whatever order it is heard, and after
// it was stored.
func TestAReleaseThatIsTakenBackStaysKnown(t *testing.T) {
	released := evaluated(SourceREST, day(2), Evaluation{Status: EvaluationFinished, ChangedDate: day(2), ReleaseDate: day(2), Released: true, TotalScore: points(80), Comments: "c"})
	reopened := evaluated(SourceREST, day(3), Evaluation{Status: EvaluationInProgress, ChangedDate: day(3)})
	again := evaluated(SourceREST, day(4), Evaluation{Status: EvaluationFinished, ChangedDate: day(4), ReleaseDate: day(4), Released: true, Rescored: true, TotalScore: points(60)})
	c := inEveryOrder(t, released, reopened)
	require.False(t, c.Evaluations[0].Released)
	require.Len(t, c.Evaluations[0].Releases(), 1)

	c = inEveryOrder(t, released, reopened, again)
	stored := &Evaluation{}
	written, err := json.Marshal(c.Evaluations[0])
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(written, stored))
	provenance := c.Evaluations[0].AppendProvenance(nil)
	require.NoError(t, stored.SetProvenance(provenance))
	require.Equal(t, c.Evaluations[0], stored)
	for _, e := range []*Evaluation{c.Evaluations[0], stored} {
		releases := e.Releases()
		require.Len(t, releases, 2)
		require.Equal(t, day(2), releases[0].ReleaseDate)
		require.Equal(t, 80.0, *releases[0].TotalScore)
		require.Empty(t, releases[0].Comments, "it is not needed")
		require.Same(t, e, releases[1].Evaluation)
	}
	require.Error(t, (&Evaluation{}).SetProvenance(provenance[:len(provenance)-1]))
	requireSame(t, c, Merge(c, released))
}

func TestWhatHasNoTimeOfItsOwnIsNotKeptOnceItIsOld(t *testing.T) {
	var c *Conversation
	for n := range 9 {
		c = Merge(c, evaluated(SourceREST, day(float64(n)), Evaluation{Status: EvaluationFinished, TotalScore: points(float64(n))}))
	}
	require.Empty(t, c.Evaluations[0].versions.past)
}

// TestWhatOlderVersionsStoredIsRead: they settled each field by the latest
// date, a release in the future included.
func TestWhatOlderVersionsStoredIsRead(t *testing.T) {
	const stored = `{"evaluationId":"e","evaluationStatus":"Finished","formId":"f","changedDate":"2025-01-19T09:00:00Z","releaseDate":"2025-03-01T09:00:00Z","released":true,"oTotalScore":80}`
	e := &Evaluation{}
	require.NoError(t, json.Unmarshal([]byte(stored), e))
	var has fieldSet
	for i, f := range evaluationFields.fields {
		if !f.zero(e) {
			has.add(i)
		}
	}
	old := appendStamps(nil, stamps{}.with(byTime(SourceREST, e.ReleaseDate), has))
	require.NoError(t, e.SetProvenance(old))
	require.Equal(t, EvaluationFinished, e.Status)
	c := Merge(Merge(nil, &Conversation{ID: "c", Evaluations: []*Evaluation{e}}),
		evaluated(SourceREST, day(11), Evaluation{Status: EvaluationInProgress, ChangedDate: day(11)}))
	require.Equal(t, EvaluationInProgress, c.Evaluations[0].Status)
	require.False(t, c.Evaluations[0].Released)

	s := &Survey{ID: "v", Status: SurveyFinished, CompletedDate: day(1), UserID: "u"}
	require.NoError(t, s.SetProvenance(appendStamps(nil, stamps{}.with(byTime(SourceREST, day(1)), surveyFields.named("surveyStatus", "surveyCompletedDate", "userId")))))
	c = Merge(Merge(nil, &Conversation{ID: "c", Surveys: []*Survey{s}}), surveyed(SourceREST, day(2), Survey{Status: SurveyPending}))
	require.Equal(t, SurveyFinished, c.Surveys[0].Status)

	require.NoError(t, (&Survey{}).SetProvenance([]byte{0}), "nobody states it")
	for _, damaged := range [][]byte{nil, {0, 1}, {0, 2, 8, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0}, {0, 1, 8, 0, 0, 0, 3, 0, 0, 255}} {
		require.Error(t, (&Survey{}).SetProvenance(damaged), "%v", damaged)
	}
}

func TestOfOneChangeTheAnswerThatWasHeardLastStandsWhicheverKindItIs(t *testing.T) {
	is := Evaluation{Status: EvaluationFinished, ChangedDate: day(2), TotalScore: points(84)}
	topic := is
	topic.EventTime = day(2).Add(800 * time.Millisecond)
	read := is
	read.AgentHasRead, read.TotalScore = true, points(84.21)
	require.True(t, inEveryOrder(t, evaluated(SourceTopic, day(2).Add(time.Second), topic), evaluated(SourceREST, day(5), read)).Evaluations[0].AgentHasRead)

	listed := read
	listed.TotalScore = nil
	e := inEveryOrder(t, evaluated(SourceREST, day(3), is), evaluated(SourceREST, day(5), listed)).Evaluations[0]
	require.True(t, e.AgentHasRead)
	require.Equal(t, 84.0, *e.TotalScore)
}
