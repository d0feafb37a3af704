package genesystest

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Flow is a workflow of the organisation. A flow that is not configured is
// published, runs for a second and completes.
type Flow struct {
	ID   string
	Name string // empty: as the id
	// Unpublished lets launches be refused, as there is no version to run.
	Unpublished bool
	// Takes is how long it runs at least; zero: one second.
	Takes time.Duration
	// Status is how it ends: "COMPLETED", "FAILED", "ERROR" or "TERMINATED";
	// empty: COMPLETED, or FAILED when Does has failed.
	Status string
	// ErrorCode and ErrorMessage say what is wrong with one that does not
	// complete.
	ErrorCode, ErrorMessage string
	// Does is what it does, and returns its output. It is called in a goroutine of
	// its own; nil: nothing.
	Does func(ctx context.Context, e FlowExecution) (output map[string]any, err error)
}

// FlowExecution is a flow that was launched, through the API or by a trigger.
type FlowExecution struct {
	ID     string
	FlowID string
	Name   string
	Input  map[string]any
	At     time.Time
	Status string // "RUNNING" until it ends
	Ended  time.Time
	Output map[string]any

	code, message string
}

// mostVariable is how many characters a variable of a flow holds: one that is
// larger can fail the workflow.
const mostVariable = 32_000

// flows runs flows and remembers those that were launched.
type flows struct {
	server *Server
	known  map[string]Flow
	starts perSecond

	mu       sync.Mutex
	launched []*FlowExecution
}

// mostExecutions is how many executions are remembered.
const mostExecutions = 10_000

// flowTime is how long a flow runs.
const flowTime = time.Second

func newFlows(s *Server) *flows {
	f := &flows{server: s, known: map[string]Flow{}, starts: perSecond{most: s.mostStarts}}
	for _, one := range s.config.flows {
		f.known[one.ID] = one
	}
	return f
}

// launch starts a flow.
func (f *flows) launch(flowID, name string, input map[string]any) *FlowExecution {
	e := &FlowExecution{ID: f.server.dice.uuid(), FlowID: flowID, Name: name, Input: input, At: time.Now(), Status: "RUNNING"}
	f.mu.Lock()
	f.launched = append(f.launched, e)
	if len(f.launched) > mostExecutions {
		f.launched = slices.Delete(f.launched, 0, len(f.launched)-mostExecutions)
	}
	copied := *e
	f.mu.Unlock()
	f.server.goes(func() { f.run(e, copied) })
	return &copied
}

// run lets a flow happen.
func (f *flows) run(e *FlowExecution, launched FlowExecution) {
	is := f.known[e.FlowID]
	takes := is.Takes
	if takes <= 0 {
		takes = flowTime
	}
	var output map[string]any
	err := tooLarge(launched.Input)
	if err == nil && is.Does != nil {
		output, err = is.Does(f.server.ctx, launched)
	}
	if wait(f.server.ctx, time.Until(launched.At.Add(takes))) != nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	e.Status, e.Ended, e.code, e.message = is.Status, time.Now(), is.ErrorCode, is.ErrorMessage
	switch {
	case e.Status == "" && err != nil:
		e.Status = "FAILED"
	case e.Status == "":
		e.Status = "COMPLETED"
	}
	if err != nil && e.message == "" {
		e.message = err.Error()
	}
	if e.Status == "COMPLETED" {
		e.Output = output
	}
}

// tooLarge says that a variable of the input is too large.
func tooLarge(input map[string]any) error {
	for name, value := range input {
		text, is := value.(string)
		if !is {
			text = string(encode(value))
		}
		if len([]rune(text)) > mostVariable {
			return fmt.Errorf("the variable %s is larger than %d characters", name, mostVariable)
		}
	}
	return nil
}

// launchFlow answers POST /api/v2/flows/executions (protocol 5.3).
func (s *Server) launchFlow(c *call) answer {
	var body struct {
		FlowID    string         `json:"flowId"`
		Name      string         `json:"name"`
		InputData map[string]any `json:"inputData"`
	}
	if err := decode(c.Request, &body); err != nil || body.FlowID == "" {
		return badRequest("The body must be an object with a flowId.")
	}
	if s.flows.known[body.FlowID].Unpublished {
		return refuse(http.StatusBadRequest, "flow.config.not.published", "The flow has no published version.")
	}
	if !s.flows.starts.take() {
		a := refuse(http.StatusTooManyRequests, "too.many.requests", "Too many flows are started.")
		a.retryAfter = time.Second
		return a
	}
	e := s.flows.launch(body.FlowID, body.Name, body.InputData)
	return ok(Object{"id": e.ID, "name": body.Name, "flowVersion": flowVersion(e.FlowID), "selfUri": "/api/v2/flows/executions/" + e.ID})
}

func flowVersion(flow string) Object {
	return Object{"id": "1.0", "name": flow, "selfUri": "/api/v2/flows/" + flow + "/versions/1.0"}
}

// getFlow answers GET /api/v2/flows/{id}.
func (s *Server) getFlow(c *call) answer {
	f, known := s.flows.known[c.PathValue("id")]
	if !known {
		return notFound("flow")
	}
	body := Object{"id": f.ID, "name": f.Name, "type": "WORKFLOW", "active": !f.Unpublished, "deleted": false, "selfUri": c.URL.Path}
	if f.Name == "" {
		body["name"] = f.ID
	}
	if !f.Unpublished {
		body["publishedVersion"] = flowVersion(f.ID)
	}
	return ok(body)
}

// getFlowExecution answers GET /api/v2/flows/executions/{id}.
func (s *Server) getFlowExecution(c *call) answer {
	launched := s.FlowExecutions()
	i := slices.IndexFunc(launched, func(e FlowExecution) bool { return e.ID == c.PathValue("id") })
	if i < 0 {
		return refuse(http.StatusNotFound, "architect.flow.execution.not.found", "The flow execution was not found.")
	}
	e := launched[i]
	body := Object{"id": e.ID, "name": e.Name, "flowVersion": flowVersion(e.FlowID), "dateLaunched": isoTime(e.At), "status": e.Status, "selfUri": c.URL.Path}
	switch {
	case e.Status == "COMPLETED":
		output := Object{}
		for name, value := range e.Output {
			output[name] = value
		}
		body["dateCompleted"], body["completionReason"], body["outputData"] = isoTime(e.Ended), "SUCCESS", output
	case !e.Ended.IsZero():
		body["dateCompleted"] = isoTime(e.Ended)
		body["flowErrorInfo"] = Object{"code": e.code, "message": e.message, "status": 0, "messageParams": Object{}, "details": []any{}, "errors": []any{}}
	}
	return ok(body)
}

// FlowExecutions returns the flows that were launched, in the order of their
// launch. It remembers the last 10000.
func (s *Server) FlowExecutions() []FlowExecution {
	s.flows.mu.Lock()
	defer s.flows.mu.Unlock()
	all := make([]FlowExecution, len(s.flows.launched))
	for i, e := range s.flows.launched {
		all[i] = *e
	}
	return all
}

// perSecond counts starts in the present second; zero most means no limit.
type perSecond struct {
	most int

	mu     sync.Mutex
	second time.Time
	n      int
}

// take reports whether there may be one more.
func (p *perSecond) take() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := time.Now(); now.Sub(p.second) >= time.Second {
		p.second, p.n = now, 0
	}
	p.n++
	return p.most <= 0 || p.n <= p.most
}
