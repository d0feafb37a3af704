package conversation

import "time"

// SourceHealth is what a source says of itself, as far as it knows. Times are UTC;
// one that is zero, and what is left out in JSON, is not known or does not apply.
type SourceHealth struct {
	// HeardSince is since when the source has heard without a gap, and BlindSince
	// since when it has not; one of them is zero. Reason is why it is blind, and
	// MissingPermissions, as in "analytics:conversationDetail:view" or
	// "sqs:ReceiveMessage", are what has to be granted for it to hear.
	HeardSince         time.Time `json:"heardSince,omitzero"`
	BlindSince         time.Time `json:"blindSince,omitzero"`
	Reason             string    `json:"reason,omitzero"`
	MissingPermissions []string  `json:"missingPermissions,omitempty"`

	// LastHeard is when anything arrived, signs of life included; zero: not yet.
	LastHeard time.Time `json:"lastHeard,omitzero"`
	// ReadUpTo, of a source that reads what is recorded: what began before it has
	// been read. It is zero in a process that leaves that to another one.
	ReadUpTo time.Time `json:"readUpTo,omitzero"`
	// RepairingSince is since when what other sources have missed is yet to be
	// read from the API; zero: nothing is.
	RepairingSince time.Time `json:"repairingSince,omitzero"`

	// Leads says that this process does for the source what one does for all that
	// share the store, as looking for new conversations.
	Leads bool `json:"leads,omitzero"`
	// Wanted are the topics that this process is to listen to, Heard those of them
	// that it is subscribed to, and Left those for which its channels have no room.
	// All are zero for a source without topics.
	Wanted int `json:"wanted,omitzero"`
	Heard  int `json:"heard,omitzero"`
	Left   int `json:"left,omitzero"`
	// Followed are the open conversations that this process reads again and again.
	Followed int `json:"followed,omitzero"`
	// Waiting is what was heard and is not stored yet.
	Waiting int `json:"waiting,omitzero"`

	// Refused are topics that the platform refuses, and RefusedReads kinds of reads
	// that it refuses and that are left out for a while.
	Refused      []RefusedTopic `json:"refused,omitempty"`
	RefusedReads []RefusedRead  `json:"refusedReads,omitempty"`

	Queue    *QueueHealth   `json:"queue,omitempty"`    // of a source that reads a queue
	API      *APIHealth     `json:"api,omitempty"`      // of a source that calls the API
	Requests *RequestHealth `json:"requests,omitempty"` // of an HTTP endpoint
}

// RefusedTopic is a topic that the platform refuses, and why.
type RefusedTopic struct {
	Topic              string   `json:"topic"`
	Reason             string   `json:"reason,omitzero"`
	MissingPermissions []string `json:"missingPermissions,omitempty"`
}

// RefusedRead is a kind of reads for which a permission is missing.
type RefusedRead struct {
	Read               string    `json:"read"` // "evaluations"
	MissingPermissions []string  `json:"missingPermissions,omitempty"`
	Until              time.Time `json:"until,omitzero"` // when it is tried again
}

// QueueHealth is how a queue does.
type QueueHealth struct {
	// OldestSent is when the oldest of the messages that are being read now came
	// into the queue: how long that is ago is the lag. Zero: none is being read, or
	// the queue does not say.
	OldestSent time.Time `json:"oldestSent,omitzero"`
	// DropsOldest is when the queue drops that one, if it is not stored by then.
	DropsOldest time.Time `json:"dropsOldest,omitzero"`
	// Waiting are the messages that wait in the queue, and InFlight those that
	// somebody has received, as the queue counts them, about; -1: not known.
	Waiting  int `json:"waiting"`
	InFlight int `json:"inFlight"`
	// NotUnderstood are messages that cannot be understood, and NotStored those
	// that the store refuses while it takes others, since the start and repeats
	// included. They are left to the dead-letter queue. LastRefused is when the
	// last of them came.
	NotUnderstood int64     `json:"notUnderstood"`
	NotStored     int64     `json:"notStored"`
	LastRefused   time.Time `json:"lastRefused,omitzero"`
}

// APIHealth is how much of the rate limit is left, and whether calls pause.
// Sources that share a client share what it says.
type APIHealth struct {
	Allowed   int `json:"allowed"`   // requests that the platform allows in a minute
	Remaining int `json:"remaining"` // of them, how many could be sent now
	InFlight  int `json:"inFlight"`  // requests under way
	Waiting   int `json:"waiting"`   // calls that wait for their turn
	// PausedUntil is when calls go on that pause since PausedSince, and PauseReason
	// why they do; all zero when they do not.
	PausedSince time.Time `json:"pausedSince,omitzero"`
	PausedUntil time.Time `json:"pausedUntil,omitzero"`
	PauseReason string    `json:"pauseReason,omitzero"`
	Throttled   int64     `json:"throttled"` // calls that were answered 429, since the start
	// Resting are paths that the platform wants to be left alone (503 with
	// Retry-After), and until when.
	Resting map[string]time.Time `json:"resting,omitempty"`
}

// RequestHealth counts requests since the start, by how they were answered.
type RequestHealth struct {
	Stored      int64 `json:"stored"`      // 2xx
	Denied      int64 `json:"denied"`      // who presented nothing valid
	Refused     int64 `json:"refused"`     // what cannot be understood
	Overloaded  int64 `json:"overloaded"`  // there was no room
	Unavailable int64 `json:"unavailable"` // not stored, or not in time
	Handling    int   `json:"handling"`    // under way now
}
