package genesys

import (
	"cmp"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/internal/wire"
)

func isEvaluation(has func(string) bool) bool {
	return has("id") && (has("conversation") || has("conversationId")) &&
		(has("evaluationForm") || has("evaluationFormId") || has("evaluator") || has("scoringSet") || has("agentHasRead"))
}

func isSurvey(has func(string) bool) bool {
	return has("id") && (has("surveyForm") || has("surveyType") || has("surveyErrorDetails") ||
		has("conversation") && has("status") && (has("agent") || has("queue") || has("answers") || has("completedDate")))
}

// decodeEvaluation decodes an evaluation of the quality API (protocol 6.6).
func (r reader) decodeEvaluation(m *Message, data []byte) error {
	var b wire.Evaluation
	if err := wire.Unmarshal(data, &b); err != nil {
		return refused("evaluation", err)
	}
	return r.evaluation(m, &b)
}

// evaluation states an evaluation of the quality API or of its topic (3.9).
// What it says is as old as its own dates.
func (r reader) evaluation(m *Message, b *wire.Evaluation) error {
	id := cmp.Or(b.ConversationID, b.Conversation.ID)
	switch {
	case id == "":
		return refuse("evaluation", "its conversation is missing")
	case b.ID == "":
		return refuse("evaluation", "id is missing")
	}
	r.stateQuality(m, &conversation.Conversation{ID: id, Evaluations: []*conversation.Evaluation{qualityEvaluation(b)}})
	return nil
}

func qualityEvaluation(b *wire.Evaluation) *conversation.Evaluation {
	e := &conversation.Evaluation{
		ID: b.ID, Status: conversation.ParseEvaluationStatus(b.Status), UserID: b.Agent.ID, EvaluatorID: b.Evaluator.ID,
		AssigneeID: cmp.Or(b.AssigneeID, b.Assignee.ID), QueueID: b.Queue.ID, CalibrationID: b.Calibration.ID,
		FormID: cmp.Or(b.EvaluationFormID, b.EvaluationForm.ID), FormName: cmp.Or(b.FormName, b.EvaluationForm.Name),
		ContextID: cmp.Or(b.ContextID, b.EvaluationForm.ContextID),
		EventTime: b.EventTime.Time, AssignedDate: b.AssignedDate.Time, ChangedDate: b.ChangedDate.Time, ReleaseDate: b.ReleaseDate.Time,
		Released: !b.ReleaseDate.IsZero(), Rescored: b.Rescore, AgentHasRead: b.AgentHasRead,
		TotalScore: b.Answers.TotalScore.Value, TotalCriticalScore: b.Answers.TotalCriticalScore.Value,
	}
	if e.TotalScore == nil {
		e.TotalScore = b.ScoringSet.TotalScore.Value
	}
	if e.TotalCriticalScore == nil {
		e.TotalCriticalScore = b.ScoringSet.TotalCriticalScore.Value
	}
	return e
}

// decodeSurvey decodes a survey of the quality API (protocol 6.6).
func (r reader) decodeSurvey(m *Message, data []byte) error {
	var b wire.Survey
	if err := wire.Unmarshal(data, &b); err != nil {
		return refused("survey", err)
	}
	switch {
	case b.Conversation.ID == "":
		return refuse("survey", "its conversation is missing")
	case b.ID == "":
		return refuse("survey", "id is missing")
	}
	r.stateQuality(m, &conversation.Conversation{ID: b.Conversation.ID, Surveys: []*conversation.Survey{{
		ID: b.ID, Status: conversation.SurveyStatus(b.Status), Type: b.SurveyType,
		FormID: b.SurveyForm.ID, FormName: b.SurveyForm.Name, FormContextID: b.SurveyForm.ContextID,
		UserID: b.Agent.ID, QueueID: b.Queue.ID, CompletedDate: b.CompletedDate.Time, Partial: b.MissingRequiredAnswer,
		TotalScore: b.Answers.TotalScore.Value, PromoterScore: b.Answers.NPSScore.Value,
	}}})
	return nil
}

func (r reader) stateQuality(m *Message, c *conversation.Conversation) {
	m.Kind = KindConversation
	m.Conversations = append(m.Conversations, conversation.State(c, conversation.Statement{
		By: conversation.SourceREST, Seen: r.seen(time.Time{})}))
}
