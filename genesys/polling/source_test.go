package polling_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/polling"
	"github.com/dcmkit/convtrack/store/memstore"
)

const (
	queryPath   = "/api/v2/analytics/conversations/details/query"
	detailsPath = "/api/v2/analytics/conversations/details"
	livePath    = "/api/v2/conversations/{id}"
	jobsPath    = "/api/v2/analytics/conversations/details/jobs"
)

func TestAlonePollingFollowsAConversationFromItsStartToItsEnd(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(polling.Config{})
		w.settle(time.Minute)
		w.call("c-1")
		w.settle(100 * time.Second)
		require.Equal(t, conversation.StatusActive, w.status("c-1"))
		w.settle(6 * time.Minute)
		require.Equal(t, conversation.StatusEnded, w.status("c-1"))
		var types []string
		logged, err := w.tracker.Events(t.Context(), "c-1")
		require.NoError(t, err)
		for _, e := range logged {
			if e.Type != "participant.added" {
				types = append(types, e.Type)
			}
		}
		require.Equal(t, []string{"conversation.created", "agent.connected", "agent.transferred", "agent.connected", "agent.disconnected", "conversation.ended"}, types)
	})
}

func TestRecordsThatLagAreFoundAllTheSame(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(polling.Config{})
		w.call("c-1")
		w.settle(12 * time.Minute)
		require.Equal(t, conversation.StatusEnded, w.status("c-1"))
	}, genesystest.AnalyticsLag(4*time.Minute))
}

func TestAConversationThatBeganBeforeTheFirstStartIsFound(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.waiting("c-1")
		w.settle(5 * time.Hour)
		w.start(polling.Config{})
		w.settle(time.Second)
		require.Equal(t, conversation.StatusQueued, w.status("c-1"))
	})
}

func TestARestartGoesOnWhereItWas(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		stop := w.start(polling.Config{Lookback: time.Hour})
		w.settle(10 * time.Minute)
		stop()
		w.waiting("while-down")
		w.settle(20 * time.Hour) // longer than Lookback
		w.start(polling.Config{Lookback: time.Hour})
		w.settle(time.Second)
		require.Equal(t, conversation.StatusQueued, w.status("while-down"))
	})
}

func TestWhatIsOverIsNotAskedForAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(polling.Config{LateAfter: []time.Duration{}, JobsEvery: -1})
		w.call("c-1")
		w.settle(20 * time.Minute)
		since := time.Now()
		w.settle(time.Hour)
		require.Empty(t, exactly(w.requests(detailsPath, since), detailsPath))
	})
}

func exactly(list []genesystest.RequestRecord, path string) []genesystest.RequestRecord {
	var found []genesystest.RequestRecord
	for _, r := range list {
		if r.Path == path {
			found = append(found, r)
		}
	}
	return found
}

func TestWhatDoesNotChangeIsAskedForLessOften(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(polling.Config{LateAfter: []time.Duration{}, JobsEvery: -1})
		w.waiting("c-1")
		w.settle(5 * time.Minute)
		first := len(exactly(w.requests(detailsPath, time.Time{}), detailsPath))
		require.GreaterOrEqual(t, first, 6)
		w.settle(24 * time.Hour)
		since := time.Now()
		w.settle(time.Hour)
		require.LessOrEqual(t, len(exactly(w.requests(detailsPath, since), detailsPath)), 7)
	})
}

func TestAfterAGapEverythingIsRepairedMostRecentlyChangedFirst(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(polling.Config{DiscoverEvery: 24 * time.Hour, FollowEvery: 24 * time.Hour, FollowBeside: 24 * time.Hour, FollowLeast: 24 * time.Hour, JobsEvery: -1, LateAfter: []time.Duration{}})
		w.settle(time.Minute)
		from := time.Now()
		w.call("c-1")
		w.waiting("c-2")
		w.settle(10 * time.Minute)
		require.Empty(t, w.status("c-1"), "nobody heard of it")
		w.source.Repair(conversation.Gap{Source: "notifications", From: from, To: time.Now(), Reason: "a test"})
		w.settle(30 * time.Second)
		require.Equal(t, conversation.StatusEnded, w.status("c-1"))
		require.Equal(t, conversation.StatusQueued, w.status("c-2"))
		require.Equal(t, int64(1), w.source.Stats().Repaired)
	})
}

func TestARepairThatWasInterruptedGoesOnAfterARestart(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		quiet := polling.Config{DiscoverEvery: 24 * time.Hour, FollowEvery: 24 * time.Hour, FollowLeast: 24 * time.Hour, FollowBeside: 24 * time.Hour, JobsEvery: -1, LateAfter: []time.Duration{}}
		stop := w.start(quiet)
		w.settle(time.Minute)
		from := time.Now()
		w.call("c-1")
		w.settle(10 * time.Minute)
		undo := w.server.Faults().Requests(genesystest.RequestFault{Status: http.StatusBadGateway})
		w.source.Repair(conversation.Gap{Source: "notifications", From: from, To: time.Now()})
		w.settle(time.Minute)
		require.Zero(t, w.source.Stats().Repaired)
		stop()
		undo()
		w.start(quiet)
		w.settle(time.Minute)
		require.Equal(t, conversation.StatusEnded, w.status("c-1"))
		require.Equal(t, int64(1), w.source.Stats().Repaired)
	})
}

func TestLateDataIsReadWhenItsTimeHasCome(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(polling.Config{JobsEvery: -1, DiscoverEvery: 10 * time.Minute})
		s := genesystest.BlindTransferToQueue()
		s.Survey("survey-1", "user-b", "q-2", 30*time.Minute).Complete(20*time.Hour, 90, 9)
		s.Evaluation("evaluation-1", "user-b", "judge", "q-2", time.Hour).Finish(60*time.Hour, 80, 70)
		w.server.Play(s)
		w.settle(20 * time.Minute)
		require.Empty(t, w.get(s.ID).Surveys)
		w.settle(time.Hour)
		require.Len(t, w.get(s.ID).Surveys, 1)
		w.settle(25 * time.Hour)
		c := w.get(s.ID)
		require.Equal(t, conversation.SurveyFinished, c.Surveys[0].Status)
		require.Len(t, c.Evaluations, 1)
		require.Equal(t, conversation.EvaluationPending, c.Evaluations[0].Status)
		w.settle(48 * time.Hour)
		c = w.get(s.ID)
		require.Equal(t, conversation.EvaluationFinished, c.Evaluations[0].Status)
		require.Equal(t, conversation.StatusEnded, c.Status)
	})
}

func TestLateDataIsReadAlthoughTheProcessWasDown(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		stop := w.start(polling.Config{JobsEvery: -1})
		s := genesystest.BlindTransferToQueue()
		s.Survey("survey-1", "user-b", "q-2", 10*time.Minute).Complete(30*time.Minute, 90, 9)
		w.server.Play(s)
		w.settle(10 * time.Minute)
		stop()
		w.settle(40 * time.Hour)
		w.start(polling.Config{JobsEvery: -1})
		w.settle(3 * time.Minute)
		require.Len(t, w.get(s.ID).Surveys, 1)
	})
}

func TestJobsBringAttributesAndTheActivityOfOldConversations(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(polling.Config{Lookback: time.Hour})
		s := genesystest.BlindTransferToQueue()
		s.Attributes = append(s.Attributes, genesystest.Attribute{At: 10 * time.Second, Participant: "p-cust", Values: map[string]string{"case": "42"}})
		w.server.Play(s)
		w.settle(2*time.Hour + 5*time.Minute)
		require.Equal(t, "42", w.get(s.ID).Participant("p-cust").Attributes["case"])
		require.NotZero(t, w.source.Stats().Active)
	})
}

func TestAJobThatFailsIsMadeAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.server.Faults().FailJobs(1)
		w.waiting("c-1")
		w.settle(time.Minute)
		w.start(polling.Config{})
		w.settle(10 * time.Minute)
		require.NotZero(t, w.source.Stats().Active)
	})
}

func TestNothingIsAskedBeforeRetryAfterHasPassed(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(polling.Config{})
		w.waiting("c-1")
		w.settle(2 * time.Minute)
		undo := w.server.Faults().Requests(genesystest.RequestFault{Status: http.StatusTooManyRequests, RetryAfter: 90 * time.Second, Times: 1})
		defer undo()
		began := time.Now()
		for throttled(w.requests("/api", began)) == nil {
			w.settle(time.Second)
		}
		refused := *throttled(w.requests("/api", began))
		w.settle(5 * time.Minute)
		after := w.requests("/", refused.At.Add(time.Nanosecond))
		require.NotEmpty(t, after)
		require.GreaterOrEqual(t, after[0].At.Sub(refused.At), 90*time.Second)
	})
}

func throttled(list []genesystest.RequestRecord) *genesystest.RequestRecord {
	for _, r := range list {
		if r.Status == http.StatusTooManyRequests {
			return &r
		}
	}
	return nil
}

func TestARightThatIsMissingEndsTheSourceOnlyWhereNothingIsLeftWithoutIt(t *testing.T) {
	forbid := func(part string) genesystest.RequestFault {
		return genesystest.RequestFault{Match: func(_, path string) bool { return strings.Contains(path, part) }, Status: http.StatusForbidden, Code: "missing.permissions"}
	}
	t.Run("evaluations, surveys, jobs and live conversations are left out", func(t *testing.T) {
		inBubble(t, func(t *testing.T, w *world) {
			for _, part := range []string{"/quality/", "/jobs", "/api/v2/conversations/"} {
				w.server.Faults().Requests(forbid(part))
			}
			w.start(polling.Config{})
			w.call("c-1")
			w.settle(3 * time.Hour)
			require.Equal(t, conversation.StatusEnded, w.status("c-1"))
			require.LessOrEqual(t, len(w.requests("/api/v2/quality/evaluations", time.Time{})), 3, "a few times are enough")
		})
	})
	t.Run("without the details query there is nothing to do", func(t *testing.T) {
		inBubble(t, func(t *testing.T, w *world) {
			w.server.Faults().Requests(forbid("/details/query"))
			tracker, err := convtrack.New(memstore.New(), &convtrack.Config{Hooks: events.NewHooks()})
			require.NoError(t, err)
			source, err := polling.New(polling.Config{API: w.server.API(), Tracked: tracker})
			require.NoError(t, err)
			require.ErrorContains(t, tracker.Run(t.Context(), source), "analytics:conversationDetail:view")
		})
	})
}

func TestAPlatformThatFailsIsAskedAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		undo := w.server.Faults().Requests(genesystest.RequestFault{Status: http.StatusInternalServerError})
		w.start(polling.Config{})
		w.call("c-1")
		w.settle(2 * time.Hour)
		require.Empty(t, w.status("c-1"))
		undo()
		w.settle(3 * time.Minute)
		require.Equal(t, conversation.StatusEnded, w.status("c-1"))
	})
}

func TestPagesThatRepeatThemselvesDoNoHarm(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.server.Faults().DuplicatePages(true)
		for i := range 250 {
			w.waiting(fmt.Sprintf("c-%03d", i))
		}
		w.settle(time.Minute)
		w.start(polling.Config{JobsEvery: -1})
		w.settle(time.Minute)
		n := 0
		for _, err := range w.tracker.Open(t.Context()) {
			require.NoError(t, err)
			n++
		}
		require.Equal(t, 250, n)
	})
}

func TestAWrongConfigurationIsRefusedInASentence(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		tracker, err := convtrack.New(memstore.New(), nil)
		require.NoError(t, err)
		for want, c := range map[string]polling.Config{
			"Config.API is nil":         {Tracked: tracker},
			"Config.Tracked is nil":     {API: w.server.API()},
			"Config.FollowEvery is":     {API: w.server.API(), Tracked: tracker, FollowEvery: time.Millisecond},
			"Config.LateAfter holds 1s": {API: w.server.API(), Tracked: tracker, LateAfter: []time.Duration{time.Second}},
		} {
			_, err := polling.New(c)
			require.ErrorContains(t, err, want)
		}
	})
}
