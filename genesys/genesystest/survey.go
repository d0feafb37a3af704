package genesystest

import (
	"math"
	"time"
)

// Survey is a survey of the customer about one agent's part (protocol 6.6).
// No topic tells of it.
type Survey struct {
	ID    string
	Type  string // Web, Voice
	User  string // the agent
	Queue string
	Form  string

	Sent      time.Duration
	Completed time.Duration // Never: not answered
	// Lag is how long after the completion the platform still answers that the
	// survey is not finished; the record's event time is behind by as much.
	Lag time.Duration
	// Expired is when a survey that nobody answered is given up; Never: it waits.
	Expired time.Duration
	// Failed is when it turned out that it cannot be held; Never: it can.
	Failed        time.Duration
	ErrorReason   string
	Score         float64
	PromoterScore int
	LacksRequired bool // a required answer is missing
}

// Survey adds a survey about the user that is sent then. It is not answered
// until [Survey.Complete] says so.
func (s *Story) Survey(id, user, queue string, sent time.Duration) *Survey {
	v := &Survey{ID: id, Type: "Web", User: user, Queue: queue, Form: "survey-form-1", Sent: sent, Completed: Never, Expired: Never, Failed: Never}
	s.Surveys = append(s.Surveys, v)
	return v
}

// Complete answers the survey.
func (v *Survey) Complete(at time.Duration, score float64, promoterScore int) *Survey {
	v.Completed, v.Score, v.PromoterScore = at, score, promoterScore
	return v
}

// Fail ends the survey in an error.
func (v *Survey) Fail(at time.Duration, reason string) *Survey {
	v.Failed, v.ErrorReason = at, reason
	return v
}

// times are those at which the survey changes, to be read or changed.
func (v *Survey) times() []*time.Duration {
	return []*time.Duration{&v.Sent, &v.Completed, &v.Expired, &v.Failed}
}

// offsets are its times and its lag, which is no time of its own.
func (v *Survey) offsets() []*time.Duration { return append(v.times(), &v.Lag) }

// settled is when the platform shows that the survey is completed.
func (v *Survey) settled() time.Duration {
	if v.Completed == Never {
		return Never
	}
	return v.Completed + v.Lag
}

// status is the survey's status at the time; empty before it was sent.
func (v *Survey) status(t time.Duration) string {
	switch {
	case v.Sent > t:
		return ""
	case happened(v.settled(), t):
		return "Finished"
	case happened(v.Failed, t):
		return "Error"
	case happened(v.Expired, t):
		return "Expired"
	case v.Type == "Voice":
		return "Pending"
	}
	return "Sent"
}

func (s *Story) recordSurveys(t time.Duration) []any {
	var list []any
	for _, v := range s.Surveys {
		status := v.status(t)
		if status == "" {
			continue
		}
		o := Object{"surveyId": v.ID, "surveyStatus": status, "surveyType": v.Type, "surveyFormId": v.Form, "surveyFormContextId": "ctx-" + v.Form,
			"surveyFormName": "Satisfaction", "eventTime": s.iso(latest(t, v.Sent, v.settled(), v.Expired, v.Failed))}
		set(o, "userId", v.User)
		set(o, "queueId", v.Queue)
		if status == "Finished" {
			o["surveyCompletedDate"], o["surveyPartialResponse"] = s.iso(v.Completed), v.LacksRequired
			o["oSurveyTotalScore"], o["surveyPromoterScore"] = math.Round(v.Score), v.PromoterScore
		}
		list = append(list, o)
	}
	return list
}

// SurveyBodies returns the story's surveys at the time as the quality API
// gives them.
func (s *Story) SurveyBodies(t time.Duration) []Object {
	list := []Object{}
	for _, v := range s.Surveys {
		status := v.status(t)
		if status == "" {
			continue
		}
		o := Object{"id": v.ID, "conversation": Object{"id": s.ID, "selfUri": "/api/v2/conversations/" + s.ID}, "status": status, "surveyType": v.Type,
			"surveyForm": Object{"id": v.Form, "name": "Satisfaction", "contextId": "ctx-" + v.Form}, "selfUri": "/api/v2/quality/surveys/" + v.ID}
		setRef(o, "agent", v.User)
		setRef(o, "queue", v.Queue)
		switch status {
		case "Finished":
			o["completedDate"], o["missingRequiredAnswer"] = s.iso(v.Completed), v.LacksRequired
			o["answers"] = Object{"totalScore": v.Score, "npsScore": v.PromoterScore, "questionGroupScores": []any{}}
		case "Error":
			o["surveyErrorDetails"] = Object{"surveyErrorReason": v.ErrorReason}
		}
		list = append(list, o)
	}
	return list
}

// happened reports whether something that may never happen has happened.
func happened(at, t time.Duration) bool { return at != Never && at <= t }

// latest is the latest of the times that have come.
func latest(t time.Duration, times ...time.Duration) time.Duration {
	last := time.Duration(0)
	for _, at := range times {
		if happened(at, t) {
			last = max(last, at)
		}
	}
	return last
}
