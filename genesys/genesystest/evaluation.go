package genesystest

import (
	"strings"
	"time"
)

// Evaluation is an evaluation of one agent's part (protocol 6.6).
type Evaluation struct {
	ID        string
	User      string // the agent
	Evaluator string
	Queue     string
	Form      string

	Assigned time.Duration
	Started  time.Duration // Never: pending
	Finished time.Duration // Never: not yet
	Released time.Duration // Never: the agent may not see it yet
	Read     time.Duration // Never: the agent has not read it

	Score         int
	CriticalScore int
}

// Evaluation adds an evaluation of the user that is assigned then. It is
// pending until [Evaluation.Finish] says otherwise.
func (s *Story) Evaluation(id, user, evaluator, queue string, assigned time.Duration) *Evaluation {
	e := &Evaluation{ID: id, User: user, Evaluator: evaluator, Queue: queue, Form: "evaluation-form-1", Assigned: assigned,
		Started: Never, Finished: Never, Released: Never, Read: Never}
	s.Evaluations = append(s.Evaluations, e)
	return e
}

// Finish scores and releases the evaluation.
func (e *Evaluation) Finish(at time.Duration, score, criticalScore int) *Evaluation {
	e.Finished, e.Released, e.Score, e.CriticalScore = at, at, score, criticalScore
	return e
}

// status is the evaluation's status at the time, in the spelling of analytics;
// empty before it was assigned.
func (e *Evaluation) status(t time.Duration) string {
	switch {
	case e.Assigned > t:
		return ""
	case happened(e.Finished, t):
		return "Finished"
	case happened(e.Started, t):
		return "InProgress"
	}
	return "Pending"
}

func (e *Evaluation) changed(t time.Duration) time.Duration {
	return latest(t, e.Assigned, e.Started, e.Finished, e.Released, e.Read)
}

func (s *Story) recordEvaluations(t time.Duration) []any {
	var list []any
	for _, e := range s.Evaluations {
		status := e.status(t)
		if status == "" {
			continue
		}
		o := Object{"evaluationId": e.ID, "evaluationStatus": status, "userId": e.User, "evaluatorId": e.Evaluator, "formId": e.Form,
			"formName": "Service", "contextId": "ctx-" + e.Form, "eventTime": s.iso(e.changed(t)), "released": happened(e.Released, t), "rescored": false}
		set(o, "queueId", e.Queue)
		if status == "Finished" {
			o["oTotalScore"], o["oTotalCriticalScore"] = e.Score, e.CriticalScore
		}
		list = append(list, o)
	}
	return list
}

// EvaluationBodies returns the story's evaluations at the time as the quality
// API gives them.
func (s *Story) EvaluationBodies(t time.Duration) []Object {
	list := []Object{}
	for _, e := range s.Evaluations {
		if e.status(t) != "" {
			list = append(list, s.evaluationBody(e, t))
		}
	}
	return list
}

func (s *Story) evaluationBody(e *Evaluation, t time.Duration) Object {
	o := Object{"id": e.ID, "conversation": Object{"id": s.ID, "selfUri": "/api/v2/conversations/" + s.ID}, "status": strings.ToUpper(e.status(t)),
		"agent": Object{"id": e.User}, "evaluator": Object{"id": e.Evaluator},
		"evaluationForm": Object{"id": e.Form, "name": "Service", "contextId": "ctx-" + e.Form},
		"agentHasRead":   happened(e.Read, t), "assignedDate": s.iso(e.Assigned), "changedDate": s.iso(e.changed(t)), "rescore": false,
		"conversationDate": s.iso(s.RecordStart), "selfUri": "/api/v2/quality/conversations/" + s.ID + "/evaluations/" + e.ID}
	setRef(o, "queue", e.Queue)
	if happened(e.Released, t) {
		o["releaseDate"] = s.iso(e.Released)
	}
	if happened(e.Finished, t) {
		o["answers"] = Object{"totalScore": e.Score, "totalCriticalScore": e.CriticalScore, "questionGroupScores": []any{}}
	}
	return o
}

// evaluationTopic is the body of v2.quality.evaluations (protocol 3.9).
func (s *Story) evaluationTopic(e *Evaluation, t time.Duration) Object {
	o := Object{"id": e.ID, "conversationId": s.ID, "agent": Object{"id": e.User}, "evaluator": Object{"id": e.Evaluator},
		"eventTime": s.iso(e.changed(t)), "evaluationFormId": e.Form, "formName": "Service", "contextId": "ctx-" + e.Form,
		"status": e.status(t), "agentHasRead": happened(e.Read, t), "assignedDate": s.iso(e.Assigned), "changedDate": s.iso(e.changed(t)),
		"conversationDate": s.iso(s.RecordStart), "rescore": false}
	if happened(e.Released, t) {
		o["releaseDate"] = s.iso(e.Released)
	}
	if happened(e.Finished, t) {
		o["scoringSet"] = Object{"totalScore": e.Score, "totalCriticalScore": e.CriticalScore}
	}
	return o
}
