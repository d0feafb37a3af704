package conversation

import "time"

// Evaluation is a form with which a supervisor rates an agent. It can be
// completed weeks after the conversation ended, reviewed and retracted.
type Evaluation struct {
	ID            string           `json:"evaluationId"`
	Status        EvaluationStatus `json:"evaluationStatus,omitzero"`
	UserID        string           `json:"userId,omitzero"` // the agent
	EvaluatorID   string           `json:"evaluatorId,omitzero"`
	AssigneeID    string           `json:"assigneeId,omitzero"`
	FormID        string           `json:"formId,omitzero"`
	FormName      string           `json:"formName,omitzero"`
	ContextID     string           `json:"contextId,omitzero"`
	CalibrationID string           `json:"calibrationId,omitzero"`
	QueueID       string           `json:"queueId,omitzero"`
	EventTime     time.Time        `json:"eventTime,omitzero"`
	AssignedDate  time.Time        `json:"assignedDate,omitzero"`
	ChangedDate   time.Time        `json:"changedDate,omitzero"`
	ReleaseDate   time.Time        `json:"releaseDate,omitzero"`
	Released      bool             `json:"released,omitzero"`
	Rescored      bool             `json:"rescored,omitzero"`
	Deleted       bool             `json:"deleted,omitzero"`
	AgentHasRead  bool             `json:"agentHasRead,omitzero"`

	// The scores are nil while there are none: zero is a score.
	TotalScore         *float64 `json:"oTotalScore,omitzero"`
	TotalCriticalScore *float64 `json:"oTotalCriticalScore,omitzero"`

	stamps stamps
}

var evaluationFields = newSchema(func(e *Evaluation) *stamps { return &e.stamps }, nil,
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
)

// changed is when the evaluation changed last, by its own account.
func (e *Evaluation) changed() time.Time {
	t := e.AssignedDate
	for _, u := range []time.Time{e.EventTime, e.ChangedDate, e.ReleaseDate} {
		if u.After(t) {
			t = u
		}
	}
	return t
}
