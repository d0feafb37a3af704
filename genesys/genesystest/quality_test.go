package genesystest_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// judged is the transfer with a survey that is completed after a day, and an
// evaluation that is released after two.
func judged() *genesystest.Story {
	s := transfer()
	s.Survey("survey-1", "user-b", "q-2", 10*time.Minute).Complete(24*time.Hour, 80, 9)
	e := s.Evaluation("evaluation-1", "user-b", "user-e", "q-2", 20*time.Minute)
	e.Started = time.Hour
	e.Finish(48*time.Hour, 87, 100).Read = 72 * time.Hour
	return s
}

func TestASurveyChangesAnEndedRecord(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		s.Play(judged())
		path := "/api/v2/quality/conversations/" + transferID + "/surveys"
		surveys := func() (list []object) {
			require.NoError(t, json.Unmarshal(c.do(http.MethodGet, path, nil, http.StatusOK).body, &list), "an array, no listing")
			return list
		}
		record := func() object { return c.get("/api/v2/analytics/conversations/" + transferID + "/details") }
		require.Empty(t, surveys())
		require.NotContains(t, record(), "surveys")
		c.refused(http.MethodGet, "/api/v2/quality/surveys/survey-1", nil, http.StatusNotFound, "not.found")
		time.Sleep(time.Hour)
		require.Equal(t, "Sent", surveys()[0]["status"])
		require.Contains(t, record(), "conversationEnd")
		time.Sleep(24 * time.Hour)
		c.login()
		require.Equal(t, "Finished", surveys()[0]["status"])
		require.Equal(t, "Finished", c.get("/api/v2/quality/surveys/survey-1")["status"])
		require.EqualValues(t, 80, record()["surveys"].([]any)[0].(object)["oSurveyTotalScore"])
		c.refused(http.MethodGet, "/api/v2/quality/conversations/c-unknown/surveys", nil, http.StatusNotFound, "not.found")
	})
}

func TestTheEvaluationQueryFiltersOnWhatIsExplicit(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		s.Play(judged())
		const path = "/api/v2/quality/evaluations/query?"
		found := func(query string) int { return len(c.get(path + query)["entities"].([]any)) }
		c.refused(http.MethodGet, path+"queueId=q-2", nil, http.StatusBadRequest, "quality.query.spec.one.of.agent.or.evaluator.or.assignee.or.conversation")
		require.Zero(t, found("conversationId="+transferID))
		time.Sleep(2 * time.Hour)
		require.Equal(t, 1, found("conversationId="+transferID+"&isReleased=false&agentHasRead=false&maximum=0"))
		require.Zero(t, found("agentUserId=user-b&isReleased=true"))
		require.Equal(t, 1, found("evaluatorUserId=user-e&evaluationState=Pending,InProgress"))
		require.Zero(t, found("agentUserId=user-a"))
		time.Sleep(48 * time.Hour)
		c.login()
		require.Zero(t, found("conversationId="+transferID+"&isReleased=false"))
		require.Equal(t, 1, found("conversationId="+transferID+"&isReleased=true&agentHasRead=false"))
		require.NotContains(t, c.get(path + "agentUserId=user-b")["entities"].([]any)[0], "answers")
		scored := c.get(path + "agentUserId=user-b&expandAnswerTotalScores=true")["entities"].([]any)[0].(object)
		require.EqualValues(t, 87, scored["answers"].(object)["totalScore"])
	})
}

func TestAnEvaluationIsAnnouncedAndReadByID(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		_, uri := c.channel("v2.quality.evaluations")
		so := c.open(uri)
		s.Play(judged())
		time.Sleep(73 * time.Hour)
		frames := so.soFar()
		require.Equal(t, 4, kinds(t, frames)[genesys.KindConversation], "assigned, started, finished and released, read")
		c.login()
		path := "/api/v2/quality/conversations/" + transferID + "/evaluations/"
		require.Equal(t, "FINISHED", c.get(path + "evaluation-1")["status"])
		c.refused(http.MethodGet, path+"evaluation-2", nil, http.StatusNotFound, "not.found")
		record := c.get("/api/v2/analytics/conversations/" + transferID + "/details")
		require.Equal(t, "Finished", record["evaluations"].([]any)[0].(object)["evaluationStatus"])
	}, genesystest.ChannelLifetime(100*time.Hour), genesystest.HeartbeatEvery(time.Hour))
}
