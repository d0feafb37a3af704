package genesystest

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// queryEvaluations answers GET /api/v2/quality/evaluations/query. An explicit
// isReleased or agentHasRead filters, also when it is false (protocol 8.3).
func (s *Server) queryEvaluations(c *call) answer {
	q := c.URL.Query()
	asked := false
	for _, name := range []string{"conversationId", "agentUserId", "evaluatorUserId", "assigneeUserId", "agentTeamId"} {
		asked = asked || q.Get(name) != ""
	}
	if !asked {
		return refuse(http.StatusBadRequest, "quality.query.spec.one.of.agent.or.evaluator.or.assignee.or.conversation",
			"One of agentUserId, evaluatorUserId, assigneeUserId or conversationId is required.")
	}
	all := []Object{}
	for _, p := range s.stage.all() {
		if id := q.Get("conversationId"); id != "" && id != p.id {
			continue
		}
		p.view(0, func(st *Story, at time.Duration) {
			for _, e := range st.Evaluations {
				if e.shown(at) && wantsEvaluation(q.Get, st, e, at) {
					body := st.evaluationBody(e, at)
					if q.Get("expandAnswerTotalScores") != "true" {
						delete(body, "answers")
					}
					all = append(all, body)
				}
			}
		})
	}
	order := "assignedDate"
	if q.Get("agentUserId") != "" && q.Get("evaluatorUserId")+q.Get("assigneeUserId")+q.Get("conversationId") == "" {
		order = "releaseDate"
	}
	slices.SortStableFunc(all, func(a, b Object) int {
		x, _ := a[order].(string)
		y, _ := b[order].(string)
		return strings.Compare(x, y)
	})
	if q.Get("sortOrder") == "desc" {
		slices.Reverse(all)
	}
	return paged(all, q, c.URL.Path)
}

func wantsEvaluation(ask func(string) string, s *Story, e *Evaluation, at time.Duration) bool {
	same := func(name, value string) bool { return ask(name) == "" || ask(name) == value }
	flag := func(name string, value bool) bool { return ask(name) == "" || (ask(name) == "true") == value }
	assigned := s.iso(e.Assigned)
	return same("agentUserId", e.User) && same("evaluatorUserId", e.Evaluator) && same("queueId", e.Queue) && same("formContextId", "ctx-"+e.Form) &&
		ask("assigneeUserId") == "" && ask("agentTeamId") == "" &&
		flag("isReleased", happened(e.release(at), at)) && flag("agentHasRead", happened(e.Read, at)) &&
		(ask("startTime") == "" || assigned >= ask("startTime")) && (ask("endTime") == "" || assigned < ask("endTime")) &&
		(ask("evaluationState") == "" || slices.ContainsFunc(strings.Split(ask("evaluationState"), ","), func(state string) bool {
			return strings.EqualFold(state, e.status(at))
		}))
}

// getEvaluation answers GET …/conversations/{id}/evaluations/{evaluation}.
func (s *Server) getEvaluation(c *call) answer {
	var body Object
	s.viewConversation(c.PathValue("id"), func(st *Story, at time.Duration) {
		for _, e := range st.Evaluations {
			if e.ID == c.PathValue("evaluation") && e.shown(at) {
				body = st.evaluationBody(e, at)
			}
		}
	})
	if body == nil {
		return notFound("evaluation")
	}
	return ok(body)
}

// getSurveys answers GET …/conversations/{id}/surveys: an array, no listing.
func (s *Server) getSurveys(c *call) answer {
	var surveys []Object
	if !s.viewConversation(c.PathValue("id"), func(st *Story, at time.Duration) { surveys = st.SurveyBodies(at) }) {
		return notFound("conversation")
	}
	return ok(surveys)
}

// getSurvey answers GET /api/v2/quality/surveys/{survey}.
func (s *Server) getSurvey(c *call) answer {
	var body Object
	for _, p := range s.stage.all() {
		p.view(0, func(st *Story, at time.Duration) {
			for _, v := range st.SurveyBodies(at) {
				if v["id"] == c.PathValue("survey") {
					body = v
				}
			}
		})
	}
	if body == nil {
		return notFound("survey")
	}
	return ok(body)
}
