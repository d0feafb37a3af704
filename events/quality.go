package events

import (
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// SurveyCompleted fires when a survey of the conversation is finished: days
// after the end.
type SurveyCompleted struct {
	Header
	SurveyID string `json:"surveyId"`
	UserID   string `json:"userId,omitzero"` // the agent it is about
	QueueID  string `json:"queueId,omitzero"`
	// TotalScore is from 0 to 100, PromoterScore from 0 to 10; nil when there is none.
	TotalScore    *float64 `json:"oSurveyTotalScore,omitzero"`
	PromoterScore *float64 `json:"surveyPromoterScore,omitzero"`
}

// EvaluationReleased fires when an evaluation is released, so that the agent
// may see it: when a source says so, or when the date has come for which its
// release was scheduled: also where it is heard only afterwards, and more than the
// settling time later, that the plan was called off before, or, as a record has no
// date, where a record of a later release is heard in between. It fires again when it
// is released anew, where a source knows the date: an analytics record alone tells
// of the first release only.
type EvaluationReleased struct {
	Header
	EvaluationID string `json:"evaluationId"`
	UserID       string `json:"userId,omitzero"` // the agent it is about
	EvaluatorID  string `json:"evaluatorId,omitzero"`
	QueueID      string `json:"queueId,omitzero"`
	// The scores are from 0 to 100; nil when there are none.
	TotalScore         *float64 `json:"oTotalScore,omitzero"`
	TotalCriticalScore *float64 `json:"oTotalCriticalScore,omitzero"`
}

func (e *SurveyCompleted) copied() Event    { return copyOf(e) }
func (e *EvaluationReleased) copied() Event { return copyOf(e) }

func (d *deriver) surveys() {
	if !d.wants.has(kindSurveyCompleted) {
		return
	}
	for _, survey := range d.c.Surveys {
		s := survey.Finished()
		if s == nil {
			continue
		}
		at := s.CompletedDate
		if at.IsZero() {
			at = s.EventTime
		}
		e := &SurveyCompleted{SurveyID: s.ID, UserID: s.UserID, QueueID: s.QueueID, TotalScore: s.TotalScore, PromoterScore: s.PromoterScore}
		d.add(e, TypeSurveyCompleted, RuleSurveyCompleted, at, Settled, s.ID)
	}
}

func (d *deriver) evaluations() {
	if !d.wants.has(kindEvaluationReleased) {
		return
	}
	for _, evaluation := range d.c.Evaluations {
		for _, release := range evaluation.Releases() {
			d.release(release)
		}
	}
}

func (d *deriver) release(v conversation.Release) {
	e := &EvaluationReleased{EvaluationID: v.ID, UserID: v.UserID, EvaluatorID: v.EvaluatorID, QueueID: v.QueueID,
		TotalScore: v.TotalScore, TotalCriticalScore: v.TotalCriticalScore}
	if v.ReleaseDate.IsZero() {
		// Who asks the quality API learns the date.
		d.add(e, TypeEvaluationReleased, RuleReleased, latest(v.EventTime, v.ChangedDate), SettlesLate, v.ID)
		return
	}
	settling := Settled
	if !v.Released {
		settling = SettlesLate // that the plan was called off may be on its way
	}
	h := d.add(e, TypeEvaluationReleased, RuleReleased, v.ReleaseDate, settling, v.ID, v.ReleaseDate.UTC().Format(time.RFC3339Nano))
	if !v.Released {
		h.notBefore = v.ReleaseDate
	}
	if v.Undated {
		h.aliases = []alias{{of: TypeEvaluationReleased, session: v.ID}}
	}
}
