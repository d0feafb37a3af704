package conversation

import (
	"cmp"
	"time"
)

// Evaluation is a form with which a supervisor rates an agent. It can be
// completed weeks after the conversation ended, reviewed, scored again, opened
// again and deleted.
type Evaluation struct {
	ID            string           `json:"evaluationId"`
	Status        EvaluationStatus `json:"evaluationStatus,omitzero"`
	UserID        string           `json:"userId,omitzero"` // the agent
	EvaluatorID   string           `json:"evaluatorId,omitzero"`
	AssigneeID    string           `json:"assigneeId,omitzero"` // while it is pending
	FormID        string           `json:"formId,omitzero"`
	FormName      string           `json:"formName,omitzero"`
	ContextID     string           `json:"contextId,omitzero"`
	CalibrationID string           `json:"calibrationId,omitzero"`
	QueueID       string           `json:"queueId,omitzero"` // none for a calibration
	EventTime     time.Time        `json:"eventTime,omitzero"`
	AssignedDate  time.Time        `json:"assignedDate,omitzero"`
	ChangedDate   time.Time        `json:"changedDate,omitzero"`
	// ReleaseDate is when the agent may see it. It may lie up to 45 days ahead.
	ReleaseDate time.Time `json:"releaseDate,omitzero"`
	// Released is what is stated: a record says so, or an answer whose
	// ReleaseDate had come when it was given. That a date comes changes nothing
	// here; see ReleasedBy.
	Released     bool `json:"released,omitzero"`
	Rescored     bool `json:"rescored,omitzero"`
	Deleted      bool `json:"deleted,omitzero"`
	AgentHasRead bool `json:"agentHasRead,omitzero"`

	// The scores, of 100, are nil while there are none: zero is a score. They
	// are exact where the quality API has said them, else rounded.
	TotalScore         *float64 `json:"oTotalScore,omitzero"`
	TotalCriticalScore *float64 `json:"oTotalCriticalScore,omitzero"`

	TotalNonCriticalScore  *float64 `json:"totalNonCriticalScore,omitzero"`
	AnyFailedKillQuestions bool     `json:"anyFailedKillQuestions,omitzero"` // a fatal question was not answered at its best
	AssigneeApplicable     bool     `json:"assigneeApplicable,omitzero"`
	NeverRelease           bool     `json:"neverRelease,omitzero"`
	SystemSubmitted        bool     `json:"systemSubmitted,omitzero"` // no person has scored it
	EvaluationContextID    string   `json:"evaluationContextId,omitzero"`
	DisputeCount           int64    `json:"disputeCount,omitzero"`
	Version                int64    `json:"version,omitzero"`

	// The comments are of the evaluator, of the evaluator for other
	// evaluators only, and of the agent. QuestionGroupScores are the answers,
	// as the quality API gives them, in JSON, with comments, too. All are
	// personal data.
	Comments            string `json:"comments,omitzero"`
	PrivateComments     string `json:"privateComments,omitzero"`
	AgentComments       string `json:"agentComments,omitzero"`
	QuestionGroupScores string `json:"questionGroupScores,omitzero"`

	versions versions[Evaluation]
}

var evaluationFields = evaluationRules(newWhole(func(e *Evaluation) *versions[Evaluation] { return &e.versions },
	text("evaluationStatus", newest, func(e *Evaluation) *EvaluationStatus { return &e.Status }),
	text("userId", newest, func(e *Evaluation) *string { return &e.UserID }),
	text("evaluatorId", newest, func(e *Evaluation) *string { return &e.EvaluatorID }),
	text("assigneeId", newest, func(e *Evaluation) *string { return &e.AssigneeID }),
	text("formId", newest, func(e *Evaluation) *string { return &e.FormID }),
	text("formName", newest, func(e *Evaluation) *string { return &e.FormName }),
	text("contextId", newest, func(e *Evaluation) *string { return &e.ContextID }),
	text("calibrationId", newest, func(e *Evaluation) *string { return &e.CalibrationID }),
	text("queueId", newest, func(e *Evaluation) *string { return &e.QueueID }),
	instant("eventTime", newest, func(e *Evaluation) *time.Time { return &e.EventTime }),
	instant("assignedDate", newest, func(e *Evaluation) *time.Time { return &e.AssignedDate }),
	instant("changedDate", newest, func(e *Evaluation) *time.Time { return &e.ChangedDate }),
	instant("releaseDate", newest, func(e *Evaluation) *time.Time { return &e.ReleaseDate }),
	flag("released", newest, func(e *Evaluation) *bool { return &e.Released }),
	flag("rescored", newest, func(e *Evaluation) *bool { return &e.Rescored }),
	flag("deleted", newest, func(e *Evaluation) *bool { return &e.Deleted }),
	flag("agentHasRead", newest, func(e *Evaluation) *bool { return &e.AgentHasRead }),
	score("oTotalScore", newest, func(e *Evaluation) **float64 { return &e.TotalScore }),
	score("oTotalCriticalScore", newest, func(e *Evaluation) **float64 { return &e.TotalCriticalScore }),
	score("totalNonCriticalScore", newest, func(e *Evaluation) **float64 { return &e.TotalNonCriticalScore }),
	flag("anyFailedKillQuestions", newest, func(e *Evaluation) *bool { return &e.AnyFailedKillQuestions }),
	flag("assigneeApplicable", newest, func(e *Evaluation) *bool { return &e.AssigneeApplicable }),
	flag("neverRelease", newest, func(e *Evaluation) *bool { return &e.NeverRelease }),
	flag("systemSubmitted", newest, func(e *Evaluation) *bool { return &e.SystemSubmitted }),
	text("evaluationContextId", newest, func(e *Evaluation) *string { return &e.EvaluationContextID }),
	number("disputeCount", newest, func(e *Evaluation) *int64 { return &e.DisputeCount }),
	number("version", newest, func(e *Evaluation) *int64 { return &e.Version }),
	text("comments", newest, func(e *Evaluation) *string { return &e.Comments }),
	text("privateComments", newest, func(e *Evaluation) *string { return &e.PrivateComments }),
	text("agentComments", newest, func(e *Evaluation) *string { return &e.AgentComments }),
	text("questionGroupScores", newest, func(e *Evaluation) *string { return &e.QuestionGroupScores }),
))

// evaluationRules settle evaluations: the statement of the latest change
// stands. A release date is none: it may lie ahead.
func evaluationRules(w whole[Evaluation]) whole[Evaluation] {
	w.lasting = w.named("userId", "formId", "formName", "contextId", "evaluationContextId", "calibrationId", "queueId")
	w.texts = []belonging[Evaluation]{{
		text: func(e *Evaluation) *string { return &e.FormName },
		id:   func(e *Evaluation) *string { return &e.FormID },
	}}
	answers := w.named("totalNonCriticalScore", "anyFailedKillQuestions", "comments", "privateComments", "agentComments", "questionGroupScores")
	scores := answers.or(w.named("oTotalScore", "oTotalCriticalScore"))
	notOfRecord := answers.or(w.named("assignedDate", "changedDate", "releaseDate", "agentHasRead", "neverRelease", "systemSubmitted", "disputeCount", "version"))
	notOfTopic := answers.or(w.named("deleted", "neverRelease", "systemSubmitted"))
	notOfREST := w.named("eventTime", "deleted")
	w.known = func(k statementKind) fieldSet {
		switch {
		case k == SourceREST.brief():
			return w.all.without(notOfREST.or(scores))
		case k.source() == SourceREST:
			return w.all.without(notOfREST)
		case k.source() == SourceTopic:
			return w.all.without(notOfTopic)
		case k.source() == SourceAnalytics:
			return w.all.without(notOfRecord)
		}
		return w.all
	}
	w.version = func(e *Evaluation, by Statement) version[Evaluation] {
		v := version[Evaluation]{kind: statementKind(by.By), changed: micros(e.lastChange())}
		if v.changed == 0 {
			v.changed = micros(by.Seen)
		}
		if by.By == SourceREST && e.withoutScores() {
			v.kind = SourceREST.brief()
		}
		return v
	}
	w.memory = w.named("evaluationStatus", "userId", "evaluatorId", "queueId", "eventTime", "assignedDate", "changedDate", "releaseDate", "released", "rescored",
		"deleted", "neverRelease", "oTotalScore", "oTotalCriticalScore")
	// What has no time of its own may be said any number of times.
	w.memorable = func(v *version[Evaluation]) bool { return !v.of.lastChange().IsZero() }
	w.inKind = func(a, b *version[Evaluation]) int { return cmp.Compare(a.changed, b.changed) }
	w.across = w.inKind
	w.align = answersAfterTopics
	w.settle = (*Evaluation).settle
	return w
}

// answersAfterTopics has an answer that was asked for after a topic had told of a change
// be no older than that: it is of the same change, whose time the topic says a moment
// later than the quality API.
func answersAfterTopics(versions []version[Evaluation]) {
	for i := range versions {
		answer := &versions[i]
		if answer.kind.source() != SourceREST {
			continue
		}
		for k := range versions {
			if topic := &versions[k]; topic.kind.source() == SourceTopic && topic.changed > answer.changed && answer.seen >= topic.changed &&
				topic.of.ChangedDate.Equal(answer.of.ChangedDate) {
				answer.changed = topic.changed
			}
		}
	}
}

// lastChange is when it changed last, as far as it is said.
func (e *Evaluation) lastChange() time.Time {
	return latest(e.EventTime, e.ChangedDate, e.AssignedDate)
}

// withoutScores reports whether the scores of a finished evaluation are left
// out, as listings do that are not asked for them.
func (e *Evaluation) withoutScores() bool {
	return e.Status.scored() && e.TotalScore == nil && e.TotalCriticalScore == nil && e.QuestionGroupScores == "" && e.Comments == ""
}

func (s EvaluationStatus) scored() bool {
	return s == EvaluationFinished || s == EvaluationInReview || s == EvaluationRetracted
}

// settle settles the release and the scores.
func (e *Evaluation) settle(newest []version[Evaluation]) {
	now := &newest[0]
	e.Released = false
	for k := range newest {
		of := newest[k].of
		sameChange := newest[k].changed == now.changed
		// Its date has come since the last change that is known.
		cameLater := micros(of.ReleaseDate) > now.changed
		e.Released = e.Released || of.Released && (sameChange || cameLater)
	}
	if now.of.ReleaseDate.IsZero() && !e.Released && micros(e.ReleaseDate) <= now.changed {
		e.ReleaseDate = time.Time{} // a record says that it is not released, or not any more
	}
	same := func(score func(*Evaluation) *float64) func(*Evaluation) *float64 {
		return func(of *Evaluation) *float64 {
			if of.Status != e.Status || of.Rescored != e.Rescored {
				return nil
			}
			return score(of)
		}
	}
	if now.kind.rounded() || now.kind == SourceREST.brief() {
		e.TotalScore = exact(e.TotalScore, newest, same(func(of *Evaluation) *float64 { return of.TotalScore }))
		e.TotalCriticalScore = exact(e.TotalCriticalScore, newest, same(func(of *Evaluation) *float64 { return of.TotalCriticalScore }))
	}
}

// ReleasedBy reports whether the agent may see the evaluation at t: it is
// stated to be released, or its ReleaseDate will have come and nothing that is
// known holds it back.
func (e *Evaluation) ReleasedBy(t time.Time) bool {
	scheduled := !e.ReleaseDate.IsZero() && !e.ReleaseDate.After(t) && !e.NeverRelease && !e.Deleted
	return e.Released || scheduled && (e.Status == EvaluationFinished || e.Status == EvaluationInReview)
}

// Detailed reports whether the quality API has been asked since the last
// change that is known: then the exact scores, answers and comments are known.
func (e *Evaluation) Detailed() bool { return asked(e.versions) }
