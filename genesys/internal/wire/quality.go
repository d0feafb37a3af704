package wire

// Evaluation is an evaluation of the quality API, or the body of
// v2.quality.evaluations (protocol 3.9, 6.6).
type Evaluation struct {
	ID             string `json:"id"`
	Status         string `json:"status"`
	ConversationID string `json:"conversationId"` // the topic
	Conversation   Ref    `json:"conversation"`   // REST

	Agent       Ref    `json:"agent"`
	Evaluator   Ref    `json:"evaluator"`
	Assignee    Ref    `json:"assignee"`
	AssigneeID  string `json:"assigneeUserId"`
	Queue       Ref    `json:"queue"`
	Calibration Ref    `json:"calibration"`

	EvaluationForm struct {
		ID        string `json:"id"`
		Name      string `json:"name"`
		ContextID string `json:"contextId"`
	} `json:"evaluationForm"`
	EvaluationFormID string `json:"evaluationFormId"`
	FormName         string `json:"formName"`
	ContextID        string `json:"contextId"`

	EventTime    Time `json:"eventTime"`
	AssignedDate Time `json:"assignedDate"`
	ChangedDate  Time `json:"changedDate"`
	ReleaseDate  Time `json:"releaseDate"`

	AgentHasRead bool `json:"agentHasRead"`
	Rescore      bool `json:"rescore"`

	Answers    EvaluationScores `json:"answers"`
	ScoringSet EvaluationScores `json:"scoringSet"`
}

// EvaluationScores are the scores of an evaluation.
type EvaluationScores struct {
	TotalScore         Score `json:"totalScore"`
	TotalCriticalScore Score `json:"totalCriticalScore"`
}

// Survey is a survey of the quality API.
type Survey struct {
	ID           string `json:"id"`
	Status       string `json:"status"`
	SurveyType   string `json:"surveyType"`
	Conversation Ref    `json:"conversation"`
	Agent        Ref    `json:"agent"`
	Queue        Ref    `json:"queue"`
	SurveyForm   struct {
		ID        string `json:"id"`
		Name      string `json:"name"`
		ContextID string `json:"contextId"`
	} `json:"surveyForm"`
	CompletedDate         Time `json:"completedDate"`
	MissingRequiredAnswer bool `json:"missingRequiredAnswer"`
	Answers               struct {
		TotalScore Score `json:"totalScore"`
		NPSScore   Score `json:"npsScore"`
	} `json:"answers"`
}

// SystemMessage is the body of channel.metadata and of v2.system… messages.
type SystemMessage struct {
	ChannelID       string `json:"channelId"`
	SystemTopicType string `json:"systemTopicType"`
	Reason          string `json:"reason"`
	Message         string `json:"message"`
}
