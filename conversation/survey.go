package conversation

import "time"

// Survey is a web or voice survey of the customer. It can finish days after
// the conversation ended.
type Survey struct {
	ID            string       `json:"surveyId"`
	Status        SurveyStatus `json:"surveyStatus,omitzero"`
	Type          string       `json:"surveyType,omitzero"` // Web, Voice
	FormID        string       `json:"surveyFormId,omitzero"`
	FormContextID string       `json:"surveyFormContextId,omitzero"`
	FormName      string       `json:"surveyFormName,omitzero"`
	UserID        string       `json:"userId,omitzero"` // the agent it is about
	QueueID       string       `json:"queueId,omitzero"`
	EventTime     time.Time    `json:"eventTime,omitzero"`
	CompletedDate time.Time    `json:"surveyCompletedDate,omitzero"`
	Partial       bool         `json:"surveyPartialResponse,omitzero"`

	// The scores are nil while there are none: zero is a score.
	TotalScore    *float64 `json:"oSurveyTotalScore,omitzero"`
	PromoterScore *float64 `json:"surveyPromoterScore,omitzero"` // 0 to 10

	stamps stamps
}

var surveyFields = newSchema(func(s *Survey) *stamps { return &s.stamps }, nil,
	text("surveyStatus", newest, func(s *Survey) *SurveyStatus { return &s.Status }),
	text("surveyType", newest, func(s *Survey) *string { return &s.Type }),
	text("surveyFormId", newest, func(s *Survey) *string { return &s.FormID }),
	text("surveyFormContextId", newest, func(s *Survey) *string { return &s.FormContextID }),
	text("surveyFormName", newest, func(s *Survey) *string { return &s.FormName }),
	text("userId", newest, func(s *Survey) *string { return &s.UserID }),
	text("queueId", newest, func(s *Survey) *string { return &s.QueueID }),
	instant("eventTime", newest, func(s *Survey) *time.Time { return &s.EventTime }),
	instant("surveyCompletedDate", newest, func(s *Survey) *time.Time { return &s.CompletedDate }),
	flag("surveyPartialResponse", newest, func(s *Survey) *bool { return &s.Partial }),
	score("oSurveyTotalScore", newest, func(s *Survey) **float64 { return &s.TotalScore }),
	score("surveyPromoterScore", newest, func(s *Survey) **float64 { return &s.PromoterScore }),
)

// changed is when the survey changed last, by its own account.
func (s *Survey) changed() time.Time {
	if s.EventTime.After(s.CompletedDate) {
		return s.EventTime
	}
	return s.CompletedDate
}
