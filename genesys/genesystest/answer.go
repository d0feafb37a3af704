package genesystest

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// answer is what an endpoint says.
type answer struct {
	status     int
	body       any    // nil: none
	page       string // in place of the body: no answer of the API
	retryAfter time.Duration
}

func ok(body any) answer { return answer{status: http.StatusOK, body: body} }

func accepted(body any) answer { return answer{status: http.StatusAccepted, body: body} }

// errorBody is the body of every error (protocol 8.4).
type errorBody struct {
	Message           string            `json:"message"`
	Code              string            `json:"code"`
	Status            int               `json:"status"`
	MessageWithParams string            `json:"messageWithParams,omitempty"`
	MessageParams     map[string]string `json:"messageParams"`
	ContextID         string            `json:"contextId"`
	Details           []any             `json:"details"`
	Errors            []any             `json:"errors"`
}

func refuse(status int, code, message string) answer {
	return answer{status: status, body: &errorBody{Message: message, Code: code, Status: status,
		MessageParams: map[string]string{}, Details: []any{}, Errors: []any{}}}
}

func badRequest(message string) answer { return refuse(http.StatusBadRequest, "bad.request", message) }

func notFound(what string) answer {
	return refuse(http.StatusNotFound, "not.found", "The requested "+what+" was not found.")
}

// write sends the answer with the headers that every answer has.
func (a answer) write(w http.ResponseWriter, correlation string) {
	h := w.Header()
	h.Set("ININ-Correlation-Id", correlation)
	if a.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(seconds(a.retryAfter)))
	}
	if e, ok := a.body.(*errorBody); ok {
		e.ContextID = correlation
	}
	if a.page != "" {
		h.Set("Content-Type", http.DetectContentType([]byte(a.page)))
		w.WriteHeader(a.status)
		_, _ = w.Write([]byte(a.page))
		return
	}
	if a.body == nil {
		w.WriteHeader(a.status)
		return
	}
	body, err := json.Marshal(a.body)
	if err != nil {
		http.Error(w, "genesystest: "+err.Error(), http.StatusInternalServerError)
		return
	}
	h.Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	_, _ = w.Write(body) // the client may have gone
}

// seconds rounds up: who waits so long has waited long enough.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
