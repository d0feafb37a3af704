package genesystest

import (
	"net/http"
	"time"
)

// SQSFaults make an SQS fail. The zero value is no fault.
type SQSFaults struct {
	// Error is the code of the error that every call, or every call of the
	// actions in Only, is answered with: "AccessDenied". Status is its status; zero:
	// 400. Legacy puts a code into the header of the older protocol, too.
	Error  string
	Status int
	Legacy string
	Only   []string
	// Fail is the probability that a call is answered 500, and Throttle that it
	// is throttled.
	Fail, Throttle float64
	// Hang is the probability that a call is never answered.
	Hang float64

	Duplicate float64       // that a message is handed out once more while it is in flight
	Reorder   float64       // that a message is handed out after later ones
	Delay     time.Duration // the most that a message is delayed
	// LoseDelete is the probability that a delete is answered and not done, and
	// FailEntry that an entry of a batch fails.
	LoseDelete, FailEntry float64

	// MostInFlight is beyond how many messages in flight a receive is answered
	// with nothing; zero: 120 000.
	MostInFlight int
	// NoAttributes leaves the system attributes of messages out. OldAttributes
	// gives them to those only who ask in the deprecated way.
	NoAttributes, OldAttributes bool
}

// SetFaults makes the server fail from now on.
func (s *SQS) SetFaults(f SQSFaults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = f
}

// of returns what becomes of a call.
func (f SQSFaults) of(action string, d *dice) (answer *sqsError, hangs bool) {
	concerned := len(f.Only) == 0
	for _, only := range f.Only {
		concerned = concerned || only == action
	}
	switch {
	case !concerned:
		return nil, false
	case f.Error != "":
		status := f.Status
		if status == 0 {
			status = http.StatusBadRequest
		}
		return &sqsError{status, f.Error, "as demanded", f.Legacy}, false
	case d.chance(f.Hang):
		return nil, true
	case d.chance(f.Throttle):
		return badSQS("RequestThrottled", "Request is throttled."), false
	case d.chance(f.Fail):
		return &sqsError{http.StatusInternalServerError, "InternalFailure", "try again", ""}, false
	}
	return nil, false
}
