package architect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/internal/host"
)

// FlowsConfig says how to run flows. API is required; other fields that are zero
// take the default that is given with them.
type FlowsConfig struct {
	// API calls the organisation. It needs the permissions architect:flow:launch
	// and architect:flowExecution:view.
	API genesys.API
	// Memory keeps which launches were made, for those that have a Key; a Tracker
	// is one. Nil: no launch may have a key.
	Memory Memory
	// Within is how long Wait waits where its context has no deadline. 10 min.
	Within time.Duration
	// Logger gets what operators should know. slog.Default().
	Logger *slog.Logger
}

// Launch is a flow to run.
type Launch struct {
	// FlowID is the workflow; other kinds of flows cannot be run.
	FlowID string
	// Version is the version to run; empty: the published one.
	Version string
	// Name is shown for the execution in Genesys Cloud. It should hold no personal
	// data.
	Name string
	// Input are the values of the flow's input variables by their full names, as
	// in "Flow.conversationId". A variable of more than 32 000 characters can fail
	// a flow and is refused here: pass ids, and let the flow read the rest.
	Input map[string]any
	// Key makes the launch idempotent: of all launches with the same key within
	// seven days one is made, by whichever process. Genesys Cloud knows no such
	// key, so it is kept in Memory: see [Flows.Start] for what a crash can do. The
	// id of an event is a good key for a launch by its hook. Empty: each launch is
	// made.
	Key string
}

// Status is the state of an execution.
type Status string

// The states of an execution.
const (
	StatusRunning    Status = "RUNNING"
	StatusCompleted  Status = "COMPLETED"
	StatusFailed     Status = "FAILED"
	StatusError      Status = "ERROR"
	StatusTerminated Status = "TERMINATED"
	StatusUnknown    Status = "UNKNOWN"
)

// Execution is a flow that was run.
type Execution struct {
	ID        string
	Status    Status
	Launched  time.Time
	Completed time.Time
	// Reason is the completion reason; empty where there is none.
	Reason string
	// Output are the flow's output variables. The builder of the flow chooses them.
	Output map[string]any
}

// Flows runs workflows. It is safe for concurrent use. It cannot be used in a
// Before hook, whose transaction would wait for Genesys Cloud.
type Flows struct {
	config FlowsConfig
	keys   *keys
}

// NewFlows returns what runs flows with an API.
func NewFlows(c FlowsConfig) (*Flows, error) {
	if c.API == nil {
		return nil, errors.New("architect: FlowsConfig.API is nil; platform.New and rest.New give one")
	}
	if c.Within < 0 {
		return nil, fmt.Errorf("architect: FlowsConfig.Within is %v; it must not be negative", c.Within)
	}
	if c.Within == 0 {
		c.Within = 10 * time.Minute
	}
	c.Logger = host.Logger(c.Logger)
	return &Flows{c, newKeys(c.Memory, c.Logger, manyValues)}, nil
}

// Run starts a flow and waits for its end. The error is one of Start or Wait.
func (f *Flows) Run(ctx context.Context, l Launch) (Execution, error) {
	id, err := f.Start(ctx, l)
	if err != nil {
		return Execution{}, err
	}
	return f.Wait(ctx, id)
}

// Start starts a flow and returns the id of its execution. With a key that was
// used it returns the execution of that time.
//
// The error wraps [ErrNotPublished], [ErrNoFlow], [ErrNotPermitted], [ErrInput]
// or [ErrStarting], where it is one of these. Nothing is repeated: a 429 comes
// back as the *genesys.APIError that it is, and an After hook is tried again.
//
// With a key a launch is made at most once as long as each one is answered. Where
// it is not known whether a launch has reached Genesys Cloud, because the process
// died, the answer got lost or the store failed in that moment, launches with
// that key fail with ErrStarting for a minute, and the next one then is made: the
// flow may run twice. The flow can tell by the key if it is given it. The minute is
// one of this process, which began when it asked first. A launch with a key is given
// up after 45 seconds, those included in which it waits for its turn.
func (f *Flows) Start(ctx context.Context, l Launch) (executionID string, err error) {
	if err := l.check(); err != nil {
		return "", err
	}
	if l.Key == "" {
		id, err := f.launch(ctx, l)
		return id, f.explain(ctx, l.FlowID, err)
	}
	id, err := f.keys.once(ctx, l.FlowID+"\x00"+l.Key, func(ctx context.Context) (string, error) { return f.launch(ctx, l) })
	return id, f.explain(ctx, l.FlowID, err)
}

func (l Launch) check() error {
	if l.FlowID == "" {
		return fmt.Errorf("%w: Launch.FlowID is empty", ErrInput)
	}
	for name, value := range l.Input {
		if !strings.HasPrefix(name, "Flow.") {
			return fmt.Errorf("%w: %q must begin with Flow., as the variables of a flow do", ErrInput, name)
		}
		text, is := value.(string)
		if !is {
			b, err := json.Marshal(value)
			if err != nil {
				return fmt.Errorf("%w: %s cannot be written as JSON", ErrInput, name)
			}
			text = string(b)
		}
		if n := len([]rune(text)); n > mostVariable {
			return fmt.Errorf("%w: %s has %d characters, and a variable holds %d", ErrInput, name, n, mostVariable)
		}
	}
	return nil
}

// mostVariable is how many characters a variable of a flow holds.
const mostVariable = 32_000

const executionsPath = "/api/v2/flows/executions"

func (f *Flows) launch(ctx context.Context, l Launch) (string, error) {
	body, err := json.Marshal(struct {
		FlowID  string         `json:"flowId"`
		Version string         `json:"flowVersion,omitempty"`
		Name    string         `json:"name,omitempty"`
		Input   map[string]any `json:"inputData,omitempty"`
	}{l.FlowID, l.Version, l.Name, l.Input})
	if err != nil {
		return "", fmt.Errorf("%w: it cannot be written as JSON", ErrInput)
	}
	answer, err := f.config.API.Call(ctx, genesys.Request{Method: http.MethodPost, Path: executionsPath, Body: body})
	if err != nil {
		return "", err
	}
	var made struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(answer, &made) != nil || made.ID == "" {
		return "", &genesys.APIError{Method: http.MethodPost, Path: executionsPath, Err: fmt.Errorf("%w: it has no id of an execution", genesys.ErrNotUnderstood)}
	}
	return made.ID, nil
}
