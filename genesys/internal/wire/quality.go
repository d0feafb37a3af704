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

	AgentHasRead       bool `json:"agentHasRead"`
	Rescore            bool `json:"rescore"`
	Deleted            bool `json:"deleted"`
	AssigneeApplicable bool `json:"assigneeApplicable"`
	NeverRelease       bool `json:"neverRelease"`
	SystemSubmitted    bool `json:"systemSubmitted"`

	EvaluationContextID string `json:"evaluationContextId"`
	DisputeCount        Int    `json:"disputeCount"`
	Version             Int    `json:"version"`

	Answers    EvaluationScores `json:"answers"`
	ScoringSet EvaluationScores `json:"scoringSet"`
}

// EvaluationScores are the scores and answers of an evaluation.
type EvaluationScores struct {
	TotalScore             Score  `json:"totalScore"`
	TotalCriticalScore     Score  `json:"totalCriticalScore"`
	TotalNonCriticalScore  Score  `json:"totalNonCriticalScore"`
	AnyFailedKillQuestions bool   `json:"anyFailedKillQuestions"`
	Comments               string `json:"comments"`
	PrivateComments        string `json:"privateComments"`
	AgentComments          string `json:"agentComments"`
	QuestionGroupScores    JSON   `json:"questionGroupScores"`
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
		TotalScore          Score `json:"totalScore"`
		NPSScore            Score `json:"npsScore"`
		QuestionGroupScores JSON  `json:"questionGroupScores"`
	} `json:"answers"`
	ErrorDetails JSON `json:"surveyErrorDetails"`
}

// SurveyErrorDetails say why a survey failed.
type SurveyErrorDetails struct {
	Reason string `json:"surveyErrorReason"`
}

// SystemMessage is the body of channel.metadata and of v2.system… messages.
type SystemMessage struct {
	ChannelID       string `json:"channelId"`
	SystemTopicType string `json:"systemTopicType"`
	Reason          string `json:"reason"`
	Message         string `json:"message"`
}
