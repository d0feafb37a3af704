package conversation

import "time"

// SourceHealth is what a source says of itself.
type SourceHealth struct {
	// LastHeard is when anything arrived, signs of life included; zero: not yet.
	LastHeard time.Time `json:"lastHeard,omitzero"`
	// Wanted are the topics that this process is to listen to, and Heard those it
	// is subscribed to. Both are zero for a source without topics.
	Wanted int `json:"wanted,omitzero"`
	Heard  int `json:"heard,omitzero"`
	// Refused are topics that the platform refuses.
	Refused []RefusedTopic `json:"refused,omitempty"`
	// Waiting is what was heard and is not stored yet.
	Waiting int `json:"waiting,omitzero"`
}

// RefusedTopic is a topic that the platform refuses, and why.
type RefusedTopic struct {
	Topic              string   `json:"topic"`
	Reason             string   `json:"reason,omitzero"`
	MissingPermissions []string `json:"missingPermissions,omitempty"`
}
