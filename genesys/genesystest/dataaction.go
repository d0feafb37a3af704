package genesystest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"time"
)

// DataAction is a data action of the kind "Web Services", and the step of a flow
// that runs it: it posts what the request template makes of its input, and tries
// again as the shipped workflow does. The zero value of a field takes the default
// that is given with it.
type DataAction struct {
	URL string
	// Header are the headers of the request; Content-Type and Accept are those of
	// the action.
	Header http.Header
	// Template is the request template. It may use $esc.jsonString(${input.x}) and
	// #if("$!{input.x}" != "")…#end. That of the action which reports an update.
	Template string
	// Client sends the requests. http.DefaultClient.
	Client *http.Client
	// Timeout is how long an answer may take. 60 s.
	Timeout time.Duration
	// Tries is how often the flow tries. 3.
	Tries int
	// Pause is the time between two tries. 30 s.
	Pause time.Duration
}

// reportTemplate is the request template of the action that reports an update.
const reportTemplate = `{"source":"$esc.jsonString(${input.source})","topic":"$esc.jsonString(${input.topic})",` +
	`"conversationId":"$esc.jsonString(${input.conversationId})"` +
	`#if("$!{input.participantId}" != ""),"participantId":"$esc.jsonString(${input.participantId})"#end` +
	`#if("$!{input.eventTime}" != ""),"eventTime":"$esc.jsonString(${input.eventTime})"#end` +
	`#if("$!{input.note}" != ""),"note":"$esc.jsonString(${input.note})"#end}`

// ActionResult is how a step of a flow ended.
type ActionResult struct {
	Success  bool // the last try was answered 2xx with what the action's contract says
	Status   int  // of the last try; 0: it was not answered in time
	Accepted bool
	CaseID   string
	Tries    int
	Took     time.Duration // the longest try
}

// Run runs the action until it succeeds or the flow gives up.
func (d DataAction) Run(ctx context.Context, input map[string]string) ActionResult {
	if d.Tries <= 0 {
		d.Tries = 3
	}
	if d.Pause <= 0 {
		d.Pause = 30 * time.Second
	}
	var result ActionResult
	for try := 1; ; try++ {
		began := time.Now()
		one := d.once(ctx, input)
		one.Tries, one.Took = try, max(result.Took, time.Since(began))
		result = one
		if result.Success || try == d.Tries || wait(ctx, d.Pause) != nil {
			return result
		}
	}
}

func (d DataAction) once(ctx context.Context, input map[string]string) (result ActionResult) {
	if d.Timeout <= 0 {
		d.Timeout = time.Minute
	}
	if d.Template == "" {
		d.Template = reportTemplate
	}
	if d.Client == nil {
		d.Client = http.DefaultClient
	}
	ctx, cancel := context.WithTimeout(ctx, d.Timeout)
	defer cancel()
	// The body is sent in chunks, as the platform does: its length is not known.
	body := io.MultiReader(bytes.NewReader(RenderTemplate(d.Template, input)))
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL, body)
	if err != nil {
		return result
	}
	for name, values := range d.Header {
		req.Header[name] = values
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	res, err := d.Client.Do(req)
	if err != nil {
		return result
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, mostBody))
	if err != nil {
		return result
	}
	result.Status = res.StatusCode
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return result
	}
	var answer struct { // the success schema: nothing may be missing
		Accepted *bool   `json:"accepted"`
		CaseID   *string `json:"caseId"`
	}
	if json.Unmarshal(text, &answer) == nil && answer.Accepted != nil && answer.CaseID != nil {
		result.Success, result.Accepted, result.CaseID = true, *answer.Accepted, *answer.CaseID
	}
	return result
}

var (
	condition = regexp.MustCompile(`(?s)#if\("\$!\{input\.(\w+)\}" != ""\)(.*?)#end`)
	escaped   = regexp.MustCompile(`\$esc\.jsonString\(\$\{input\.(\w+)\}\)`)
)

// RenderTemplate renders a request template of a data action with the two
// constructs of Velocity that [DataAction] names. An input that is missing is
// null: outside of a condition the template's own text stands for it, as with
// the real one.
func RenderTemplate(template string, input map[string]string) []byte {
	text := condition.ReplaceAllStringFunc(template, func(all string) string {
		parts := condition.FindStringSubmatch(all)
		if input[parts[1]] == "" {
			return ""
		}
		return parts[2]
	})
	return []byte(escaped.ReplaceAllStringFunc(text, func(all string) string {
		value, has := input[escaped.FindStringSubmatch(all)[1]]
		if !has {
			return all
		}
		text := encode(value)
		return string(text[1 : len(text)-1])
	}))
}
