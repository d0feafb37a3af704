package conversation

import "time"

// Segment is a stretch of one activity of a session. It is told from others
// by its session, type and start.
type Segment struct {
	Type  SegmentType `json:"segmentType"`
	Start time.Time   `json:"segmentStart,omitzero"`
	End   time.Time   `json:"segmentEnd,omitzero"` // zero while it runs

	// DisconnectType is set on the segment after which the session was
	// disconnected, and again on the wrap-up that follows it.
	DisconnectType DisconnectType `json:"disconnectType,omitzero"`
	ErrorCode      string         `json:"errorCode,omitzero"`

	QueueID    string   `json:"queueId,omitzero"`
	GroupID    string   `json:"groupId,omitzero"`
	Subject    string   `json:"subject,omitzero"`
	Conference bool     `json:"conference,omitzero"`
	WrapUpCode string   `json:"wrapUpCode,omitzero"` // absent when no code was chosen
	WrapUpNote string   `json:"wrapUpNote,omitzero"`
	WrapUpTags []string `json:"wrapUpTags,omitzero"`

	// The other conversation of a merge (protocol 7.7): the only link there is.
	SourceConversationID      string `json:"sourceConversationId,omitzero"`
	SourceSessionID           string `json:"sourceSessionId,omitzero"`
	DestinationConversationID string `json:"destinationConversationId,omitzero"`
	DestinationSessionID      string `json:"destinationSessionId,omitzero"`

	RequestedLanguageID     string   `json:"requestedLanguageId,omitzero"`
	RequestedRoutingSkills  []string `json:"requestedRoutingSkillIds,omitzero"`
	RequestedRoutingUserIDs []string `json:"requestedRoutingUserIds,omitzero"`
	Q850ResponseCodes       []int64  `json:"q850ResponseCodes,omitzero"`
	SIPResponseCodes        []int64  `json:"sipResponseCodes,omitzero"`

	stamps          stamps
	otherWrapUpNote *attributedText // the note of a code that is not WrapUpCode
}

var segmentNote = &belonging[Segment]{
	text:   func(s *Segment) *string { return &s.WrapUpNote },
	id:     func(s *Segment) *string { return &s.WrapUpCode },
	hidden: func(s *Segment) **attributedText { return &s.otherWrapUpNote },
}

var segmentTexts = []*belonging[Segment]{segmentNote}

var segmentFields = newSchema(func(s *Segment) *stamps { return &s.stamps }, nil,
	instant("segmentEnd", last, func(s *Segment) *time.Time { return &s.End }),
	disconnect("disconnectType", func(s *Segment) *DisconnectType { return &s.DisconnectType }),
	text("errorCode", settled, func(s *Segment) *string { return &s.ErrorCode }),
	text("queueId", settled, func(s *Segment) *string { return &s.QueueID }),
	text("groupId", settled, func(s *Segment) *string { return &s.GroupID }),
	text("subject", settled, func(s *Segment) *string { return &s.Subject }),
	flag("conference", forward, func(s *Segment) *bool { return &s.Conference }),
	identifying(text("wrapUpCode", settled, func(s *Segment) *string { return &s.WrapUpCode }), segmentNote),
	textOf("wrapUpNote", settled, segmentNote),
	statedWith("wrapUpCode", texts("wrapUpTags", settled, func(s *Segment) *[]string { return &s.WrapUpTags })),
	text("sourceConversationId", settled, func(s *Segment) *string { return &s.SourceConversationID }),
	text("sourceSessionId", settled, func(s *Segment) *string { return &s.SourceSessionID }),
	text("destinationConversationId", settled, func(s *Segment) *string { return &s.DestinationConversationID }),
	text("destinationSessionId", settled, func(s *Segment) *string { return &s.DestinationSessionID }),
	text("requestedLanguageId", settled, func(s *Segment) *string { return &s.RequestedLanguageID }),
	texts("requestedRoutingSkillIds", settled, func(s *Segment) *[]string { return &s.RequestedRoutingSkills }),
	texts("requestedRoutingUserIds", settled, func(s *Segment) *[]string { return &s.RequestedRoutingUserIDs }),
	numbers("q850ResponseCodes", union, func(s *Segment) *[]int64 { return &s.Q850ResponseCodes }),
	numbers("sipResponseCodes", union, func(s *Segment) *[]int64 { return &s.SIPResponseCodes }),
)

// key orders the segments of a session and tells them apart.
func (s *Segment) compare(t *Segment) int {
	if c := s.Start.Compare(t.Start); c != 0 {
		return c
	}
	if s.Type < t.Type {
		return -1
	}
	if s.Type > t.Type {
		return 1
	}
	return 0
}

// Open reports whether the segment is still running.
func (s *Segment) Open() bool { return s.End.IsZero() }

// beforeAnswer reports whether the segment is one that a leg has until somebody
// answers.
func (s *Segment) beforeAnswer() bool {
	switch s.Type {
	case SegmentAlert, SegmentDialing, SegmentContacting, SegmentScheduled:
		return true
	}
	return false
}
