package conversation

import (
	"cmp"
	"slices"
	"time"
)

// Survey is a web or voice survey of the customer. It can finish days after
// the conversation ended, and expire after three months.
type Survey struct {
	ID            string       `json:"surveyId"`
	Status        SurveyStatus `json:"surveyStatus,omitzero"`
	Type          string       `json:"surveyType,omitzero"` // Web, Voice
	FormID        string       `json:"surveyFormId,omitzero"`
	FormContextID string       `json:"surveyFormContextId,omitzero"`
	FormName      string       `json:"surveyFormName,omitzero"`
	UserID        string       `json:"userId,omitzero"` // the agent it is about
	QueueID       string       `json:"queueId,omitzero"`
	// EventTime is the time of the record's last event of it. It may lie some
	// seconds after CompletedDate.
	EventTime     time.Time `json:"eventTime,omitzero"`
	CompletedDate time.Time `json:"surveyCompletedDate,omitzero"`
	Partial       bool      `json:"surveyPartialResponse,omitzero"` // a required answer is missing

	// The scores are nil while there are none: zero is a score.

	// TotalScore is from 0 to 100, whatever the questions of the form count; it
	// is exact where the quality API has said it, else rounded.
	TotalScore *float64 `json:"oSurveyTotalScore,omitzero"`
	// PromoterScore is from 0 to 10: the answer to the form's question how
	// likely it is that the customer recommends the organisation.
	PromoterScore *float64 `json:"surveyPromoterScore,omitzero"`

	// ErrorReason is Genesys's code for why the survey failed, ErrorDetails all
	// that the quality API says of it, as JSON.
	ErrorReason  string `json:"surveyErrorReason,omitzero"`
	ErrorDetails string `json:"surveyErrorDetails,omitzero"`
	// QuestionGroupScores are the answers, as the quality API gives them, in
	// JSON: scores, in the points of the form, and what the customer wrote, which is personal data.
	QuestionGroupScores string `json:"questionGroupScores,omitzero"`

	versions versions[Survey]
}

var surveyFields = surveyRules(newWhole(func(s *Survey) *versions[Survey] { return &s.versions },
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
	text("surveyErrorReason", newest, func(s *Survey) *string { return &s.ErrorReason }),
	text("surveyErrorDetails", newest, func(s *Survey) *string { return &s.ErrorDetails }),
	text("questionGroupScores", newest, func(s *Survey) *string { return &s.QuestionGroupScores }),
))

// surveyRules settle surveys. A survey only moves forward, and the quality API
// says no time of what it answers: an answer in the seconds after completion
// still says Pending (C19 of the protocol's 6.6). So the state comes first,
// then the completion; among records their own event time comes before both.
func surveyRules(w whole[Survey]) whole[Survey] {
	w.lasting = w.named("surveyType", "surveyFormId", "surveyFormContextId", "surveyFormName", "userId", "queueId")
	w.texts = []belonging[Survey]{{
		text: func(s *Survey) *string { return &s.FormName },
		id:   func(s *Survey) *string { return &s.FormID },
	}}
	onlyREST, onlyRecord := w.named("surveyErrorReason", "surveyErrorDetails", "questionGroupScores"), w.named("eventTime")
	w.known = func(k statementKind) fieldSet {
		switch k.source() {
		case SourceAnalytics:
			return w.all.without(onlyREST)
		case SourceREST:
			return w.all.without(onlyRecord)
		}
		return w.all
	}
	w.version = func(s *Survey, by Statement) version[Survey] {
		v := version[Survey]{kind: statementKind(by.By), stage: s.Status.stage(), changed: micros(s.CompletedDate)}
		if by.By == SourceAnalytics {
			v.changed = micros(latest(s.EventTime, s.CompletedDate))
		}
		return v
	}
	w.memory = w.named("surveyStatus", "userId", "queueId", "eventTime", "surveyCompletedDate", "oSurveyTotalScore", "surveyPromoterScore")
	w.memorable = func(v *version[Survey]) bool { return v.of.Status == SurveyFinished }
	w.inKind = func(a, b *version[Survey]) int {
		stage, changed := cmp.Compare(a.stage, b.stage), cmp.Compare(a.changed, b.changed)
		if a.kind.source() == SourceAnalytics {
			return cmp.Or(changed, stage)
		}
		return cmp.Or(stage, changed)
	}
	w.across = func(a, b *version[Survey]) int {
		return cmp.Or(cmp.Compare(a.stage, b.stage), a.of.CompletedDate.Compare(b.of.CompletedDate))
	}
	w.settle = func(s *Survey, newest []version[Survey]) {
		s.TotalScore = exact(s.TotalScore, newest, func(of *Survey) *float64 {
			if of.Status != s.Status {
				return nil
			}
			return of.TotalScore
		})
	}
	return w
}

// stage is how far a survey has come.
func (s SurveyStatus) stage() uint8 {
	switch s {
	case "":
		return 0
	case SurveyPending:
		return 1
	case SurveySent:
		return 2
	case SurveyFinished:
		return 5
	case SurveyOptOut, SurveyError, SurveyExpired:
		return 4
	}
	return 3 // InProgress, and what is not known here
}

// Finished returns the survey as it was when it was finished: as it is, mostly.
// It is nil as long as nobody has said that it was.
func (s *Survey) Finished() *Survey {
	if s.Status == SurveyFinished {
		return s
	}
	finished := slices.DeleteFunc(slices.Concat(s.versions.past, s.versions.newest), func(v version[Survey]) bool { return v.of.Status != SurveyFinished })
	if len(finished) == 0 {
		return nil
	}
	of := slices.MaxFunc(finished, func(a, b version[Survey]) int {
		return cmp.Or(cmp.Compare(a.changed, b.changed), cmp.Compare(a.kind, b.kind))
	}).of
	was := clone(of)
	was.ID, was.UserID, was.QueueID = s.ID, cmp.Or(of.UserID, s.UserID), cmp.Or(of.QueueID, s.QueueID)
	return was
}

// Detailed reports whether the quality API has been asked since the last change
// that is known: then the exact score, the answers and the error are known.
func (s *Survey) Detailed() bool { return asked(s.versions) }
