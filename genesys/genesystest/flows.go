package genesystest

import (
	"net/http"
	"slices"
	"sync"
	"time"
)

// FlowExecution is a flow that was launched through the API.
type FlowExecution struct {
	ID     string
	FlowID string
	Input  map[string]any
	At     time.Time
}

// flows remembers the flows that were launched.
type flows struct {
	mu       sync.Mutex
	launched []FlowExecution
}

// mostExecutions is how many executions are remembered.
const mostExecutions = 10_000

// flowTime is how long a flow runs.
const flowTime = time.Second

func newFlows() *flows { return &flows{} }

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
	e := FlowExecution{ID: s.dice.uuid(), FlowID: body.FlowID, Input: body.InputData, At: time.Now()}
	f := s.flows
	f.mu.Lock()
	defer f.mu.Unlock()
	f.launched = append(f.launched, e)
	if len(f.launched) > mostExecutions {
		f.launched = slices.Delete(f.launched, 0, len(f.launched)-mostExecutions)
	}
	return ok(Object{"id": e.ID, "name": body.Name, "flowVersion": flowVersion(e.FlowID), "selfUri": "/api/v2/flows/executions/" + e.ID})
}

func flowVersion(flow string) Object {
	return Object{"id": "1.0", "name": flow, "selfUri": "/api/v2/flows/" + flow + "/versions/1.0"}
}

// getFlowExecution answers GET /api/v2/flows/executions/{id}.
func (s *Server) getFlowExecution(c *call) answer {
	launched := s.FlowExecutions()
	i := slices.IndexFunc(launched, func(e FlowExecution) bool { return e.ID == c.PathValue("id") })
	if i < 0 {
		return refuse(http.StatusNotFound, "architect.flow.execution.not.found", "The flow execution was not found.")
	}
	e := launched[i]
	body := Object{"id": e.ID, "flowVersion": flowVersion(e.FlowID), "dateLaunched": isoTime(e.At), "status": "RUNNING", "selfUri": c.URL.Path}
	if time.Since(e.At) >= flowTime {
		body["status"], body["dateCompleted"], body["completionReason"], body["outputData"] = "COMPLETED", isoTime(e.At.Add(flowTime)), "SUCCESS", Object{}
	}
	return ok(body)
}

// FlowExecutions returns the flows that were launched through the API, in the
// order of their launch. It remembers the last 10000.
func (s *Server) FlowExecutions() []FlowExecution {
	s.flows.mu.Lock()
	defer s.flows.mu.Unlock()
	return slices.Clone(s.flows.launched)
}
