package genesystest

import (
	"math"
	"strings"
	"time"
)

// Evaluation is an evaluation of one agent's part (protocol 6.6).
type Evaluation struct {
	ID          string
	User        string // the agent
	Evaluator   string
	Queue       string
	Form        string
	Calibration string // with which others compare theirs; empty: none

	Assigned time.Duration
	Started  time.Duration // Never: pending
	Finished time.Duration // Never: not yet
	Reopened time.Duration // Never: it stays finished
	Rescored time.Duration // finished for the second time; Never: it is not
	// Released is when the agent may see it, which is what it is released for
	// when it lies after Finished; Never: the agent may not.
	Released time.Duration
	Read     time.Duration // Never: the agent has not read it
	Deleted  time.Duration // Never: it is there

	Score, CriticalScore     float64
	Rescore, RescoreCritical float64 // the scores since Rescored
}

// Evaluation adds an evaluation of the user that is assigned then. It is
// pending until [Evaluation.Finish] says otherwise.
func (s *Story) Evaluation(id, user, evaluator, queue string, assigned time.Duration) *Evaluation {
	e := &Evaluation{ID: id, User: user, Evaluator: evaluator, Queue: queue, Form: "evaluation-form-1", Assigned: assigned,
		Started: Never, Finished: Never, Reopened: Never, Rescored: Never, Released: Never, Read: Never, Deleted: Never}
	s.Evaluations = append(s.Evaluations, e)
	return e
}

// Finish scores and releases the evaluation.
func (e *Evaluation) Finish(at time.Duration, score, criticalScore float64) *Evaluation {
	e.Finished, e.Released, e.Score, e.CriticalScore = at, at, score, criticalScore
	return e
}

// Reopen takes a finished evaluation, and its release, back.
func (e *Evaluation) Reopen(at time.Duration) *Evaluation {
	e.Reopened = at
	return e
}

// Again scores and releases a reopened evaluation for the second time.
func (e *Evaluation) Again(at time.Duration, score, criticalScore float64) *Evaluation {
	e.Rescored, e.Rescore, e.RescoreCritical = at, score, criticalScore
	return e
}

// times are those at which the evaluation changes, to be read or changed.
func (e *Evaluation) times() []*time.Duration {
	return []*time.Duration{&e.Assigned, &e.Started, &e.Finished, &e.Reopened, &e.Rescored, &e.Released, &e.Read, &e.Deleted}
}

// status is the evaluation's status at the time, in the spelling of analytics;
// empty before it was assigned.
func (e *Evaluation) status(t time.Duration) string {
	switch {
	case e.Assigned > t:
		return ""
	case happened(e.Rescored, t):
		return "Finished"
	case happened(e.Reopened, t):
		return "InProgress"
	case happened(e.Finished, t):
		return "Finished"
	case happened(e.Started, t):
		return "InProgress"
	}
	return "Pending"
}

// shown reports whether the quality API gives the evaluation.
func (e *Evaluation) shown(t time.Duration) bool { return e.status(t) != "" && !happened(e.Deleted, t) }

// changed is when the evaluation changed last. That the date of a scheduled
// release comes is no change.
func (e *Evaluation) changed(t time.Duration) time.Duration {
	times := []time.Duration{e.Assigned, e.Started, e.Finished, e.Reopened, e.Rescored, e.Read, e.Deleted}
	return latest(t, times...)
}

// release is the release date that is known at the time; Never: none.
func (e *Evaluation) release(t time.Duration) time.Duration {
	switch {
	case happened(e.Rescored, t):
		return e.Rescored
	case happened(e.Reopened, t), !happened(e.Finished, t):
		return Never
	}
	return e.Released
}

// scores are those at the time; false: there are none.
func (e *Evaluation) scores(t time.Duration) (score, critical float64, scored bool) {
	if happened(e.Rescored, t) {
		return e.Rescore, e.RescoreCritical, true
	}
	return e.Score, e.CriticalScore, e.status(t) == "Finished"
}

func (s *Story) recordEvaluations(t time.Duration) []any {
	var list []any
	for _, e := range s.Evaluations {
		status := e.status(t)
		if status == "" {
			continue
		}
		o := Object{"evaluationId": e.ID, "evaluationStatus": status, "userId": e.User, "evaluatorId": e.Evaluator, "formId": e.Form,
			"formName": "Service", "contextId": "ctx-" + e.Form, "eventTime": s.iso(e.changed(t)), "released": happened(e.release(t), t),
			"rescored": happened(e.Rescored, t)}
		set(o, "queueId", e.Queue)
		set(o, "calibrationId", e.Calibration)
		switch {
		case happened(e.Deleted, t):
			o["deleted"] = true
		case status == "Pending":
			o["assigneeApplicable"], o["assigneeId"] = true, e.Evaluator
		}
		if score, critical, scored := e.scores(t); scored {
			o["oTotalScore"], o["oTotalCriticalScore"] = math.Round(score), math.Round(critical)
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
		if e.shown(t) {
			list = append(list, s.evaluationBody(e, t))
		}
	}
	return list
}

func (s *Story) evaluationBody(e *Evaluation, t time.Duration) Object {
	o := Object{"id": e.ID, "conversation": Object{"id": s.ID, "selfUri": "/api/v2/conversations/" + s.ID}, "status": strings.ToUpper(e.status(t)),
		"agent": Object{"id": e.User}, "evaluator": Object{"id": e.Evaluator},
		"evaluationForm": Object{"id": e.Form, "name": "Service", "contextId": "ctx-" + e.Form},
		"agentHasRead":   happened(e.Read, t), "assignedDate": s.iso(e.Assigned), "changedDate": s.iso(e.changed(t)), "rescore": happened(e.Rescored, t),
		"conversationDate": s.iso(s.RecordStart), "selfUri": "/api/v2/quality/conversations/" + s.ID + "/evaluations/" + e.ID}
	setRef(o, "queue", e.Queue)
	setRef(o, "calibration", e.Calibration)
	if e.status(t) == "Pending" {
		o["assigneeApplicable"], o["assignee"] = true, Object{"id": e.Evaluator}
	}
	if date := e.release(t); date != Never {
		o["releaseDate"] = s.iso(date)
	}
	if score, critical, scored := e.scores(t); scored {
		o["answers"] = Object{"totalScore": score, "totalCriticalScore": critical, "questionGroupScores": []any{}}
	}
	return o
}

// evaluationTopic is the body of v2.quality.evaluations (protocol 3.9).
func (s *Story) evaluationTopic(e *Evaluation, t time.Duration) Object {
	o := Object{"id": e.ID, "conversationId": s.ID, "agent": Object{"id": e.User}, "evaluator": Object{"id": e.Evaluator},
		"eventTime": s.iso(e.changed(t)), "evaluationFormId": e.Form, "formName": "Service", "contextId": "ctx-" + e.Form,
		"status": e.status(t), "agentHasRead": happened(e.Read, t), "assignedDate": s.iso(e.Assigned), "changedDate": s.iso(e.changed(t)),
		"conversationDate": s.iso(s.RecordStart), "rescore": happened(e.Rescored, t)}
	setRef(o, "calibration", e.Calibration)
	if e.status(t) == "Pending" && !happened(e.Deleted, t) {
		o["assigneeApplicable"], o["assigneeUserId"] = true, e.Evaluator
	}
	if date := e.release(t); date != Never {
		o["releaseDate"] = s.iso(date)
	}
	if score, critical, scored := e.scores(t); scored {
		o["scoringSet"] = Object{"totalScore": math.Round(score), "totalCriticalScore": math.Round(critical)}
	}
	return o
}
