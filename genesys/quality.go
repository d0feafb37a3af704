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

// evaluation states an evaluation of the quality API or of its topic (3.9),
// whose scores are rounded and whose answers are left out.
func (r reader) evaluation(m *Message, b *wire.Evaluation) error {
	id, source := b.Conversation.ID, conversation.SourceREST
	if b.ConversationID != "" {
		id, source = b.ConversationID, conversation.SourceTopic
	}
	switch {
	case id == "":
		return refuse("evaluation", "its conversation is missing")
	case b.ID == "":
		return refuse("evaluation", "id is missing")
	}
	r.stateQuality(m, source, &conversation.Conversation{ID: id, Evaluations: []*conversation.Evaluation{r.qualityEvaluation(b)}})
	return nil
}

func (r reader) qualityEvaluation(b *wire.Evaluation) *conversation.Evaluation {
	scores := &b.Answers
	if *scores == (wire.EvaluationScores{}) {
		scores = &b.ScoringSet
	}
	return &conversation.Evaluation{
		ID: b.ID, Status: conversation.ParseEvaluationStatus(b.Status), UserID: b.Agent.ID, EvaluatorID: b.Evaluator.ID,
		AssigneeID: cmp.Or(b.AssigneeID, b.Assignee.ID), QueueID: b.Queue.ID, CalibrationID: b.Calibration.ID,
		FormID: cmp.Or(b.EvaluationFormID, b.EvaluationForm.ID), FormName: cmp.Or(b.FormName, b.EvaluationForm.Name),
		ContextID: cmp.Or(b.ContextID, b.EvaluationForm.ContextID), EvaluationContextID: b.EvaluationContextID,
		EventTime: b.EventTime.Time, AssignedDate: b.AssignedDate.Time, ChangedDate: b.ChangedDate.Time, ReleaseDate: b.ReleaseDate.Time,
		Released: r.released(b), Rescored: b.Rescore, Deleted: b.Deleted, AgentHasRead: b.AgentHasRead,
		AssigneeApplicable: b.AssigneeApplicable, NeverRelease: b.NeverRelease, SystemSubmitted: b.SystemSubmitted,
		DisputeCount: int64(b.DisputeCount), Version: int64(b.Version),
		TotalScore: scores.TotalScore.Value, TotalCriticalScore: scores.TotalCriticalScore.Value, TotalNonCriticalScore: scores.TotalNonCriticalScore.Value,
		AnyFailedKillQuestions: scores.AnyFailedKillQuestions, Comments: scores.Comments, PrivateComments: scores.PrivateComments,
		AgentComments: scores.AgentComments, QuestionGroupScores: string(scores.QuestionGroupScores),
	}
}

// released reports whether the release date had come when this was said. It
// may lie up to 45 days ahead (protocol 6.6).
func (r reader) released(b *wire.Evaluation) bool {
	said := span{last: r.read}
	said.add(b.EventTime.Time)
	said.add(b.ChangedDate.Time)
	return !b.ReleaseDate.IsZero() && !b.ReleaseDate.After(said.last)
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
	s := &conversation.Survey{
		ID: b.ID, Status: conversation.SurveyStatus(b.Status), Type: b.SurveyType,
		FormID: b.SurveyForm.ID, FormName: b.SurveyForm.Name, FormContextID: b.SurveyForm.ContextID,
		UserID: b.Agent.ID, QueueID: b.Queue.ID, CompletedDate: b.CompletedDate.Time, Partial: b.MissingRequiredAnswer,
		TotalScore: b.Answers.TotalScore.Value, PromoterScore: b.Answers.NPSScore.Value,
		QuestionGroupScores: string(b.Answers.QuestionGroupScores), ErrorDetails: string(b.ErrorDetails),
	}
	if s.ErrorDetails != "" {
		var details wire.SurveyErrorDetails
		if err := wire.Unmarshal([]byte(s.ErrorDetails), &details); err == nil { // kept as they are in any case
			s.ErrorReason = details.Reason
		}
	}
	r.stateQuality(m, conversation.SourceREST, &conversation.Conversation{ID: b.Conversation.ID, Surveys: []*conversation.Survey{s}})
	return nil
}

func (r reader) stateQuality(m *Message, source conversation.Source, c *conversation.Conversation) {
	m.Kind = KindConversation
	m.Conversations = append(m.Conversations, conversation.State(c, conversation.Statement{By: source, Seen: r.seen(c.ID, time.Time{})}))
}
