package ingress

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// Reply is what a call is answered.
type Reply struct {
	Status int
	// Body becomes JSON; nil: no body.
	Body any
	// RetryAfter is when to come again, in whole seconds; zero: the answer does
	// not say.
	RetryAfter time.Duration

	challenge string // WWW-Authenticate
	early     bool   // it is answered before the body has been read
}

// Problem is the body of the replies that are no success.
type Problem struct {
	// Error is a sentence for who looks for the reason.
	Error string `json:"error"`
}

// How long to wait before coming again.
const (
	afterOverload    = time.Second
	afterUnavailable = 5 * time.Second
)

// Refuse is the reply to what cannot be understood, and would not be when it
// came again. The sentence must not quote the body.
func Refuse(sentence string) Reply { return problem(http.StatusBadRequest, sentence) }

// Unavailable is the reply when the facts could not be stored now.
func Unavailable(sentence string) Reply {
	r := problem(http.StatusServiceUnavailable, sentence)
	r.RetryAfter = afterUnavailable
	return r
}

func problem(status int, sentence string) Reply {
	return Reply{Status: status, Body: Problem{sentence}}
}

// refuseEarly is the reply to what is refused before its body has been read.
func refuseEarly(status int, sentence string) *Reply {
	r := problem(status, sentence)
	r.early = true
	return &r
}

// discardFor is how long net/http may spend reading what is left of the body of
// a call that is answered already. What has not come by then costs the
// connection.
const discardFor = 50 * time.Millisecond

// Write writes the reply.
func (r Reply) Write(w http.ResponseWriter) {
	h := w.Header()
	if r.early && http.NewResponseController(w).SetReadDeadline(time.Now().Add(discardFor)) != nil {
		h.Set("Connection", "close") // then nothing is read any more
	}
	if r.challenge != "" {
		h.Set("WWW-Authenticate", r.challenge)
	}
	if r.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int((r.RetryAfter+time.Second-1)/time.Second)))
	}
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = json.Marshal(r.Body); err != nil {
			r.Status, body = http.StatusInternalServerError, []byte(`{"error":"the answer cannot be written as JSON"}`)
		}
		h.Set("Content-Type", "application/json; charset=utf-8")
	}
	w.WriteHeader(r.Status)
	_, _ = w.Write(body) // who has gone needs no answer
}
