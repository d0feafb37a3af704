package clientapp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/dcmkit/convtrack/genesys/internal/ingress"
)

const (
	// mostConversations is how many conversations a stream tells of: Genesys Cloud
	// keeps ten widgets alive.
	mostConversations = 64
	// streamFor is how long a stream lasts. The page begins another one, with the
	// token that it then has, so that nobody listens for long who has logged out.
	streamFor = 5 * time.Minute
	// keepAliveEvery is how often something is sent, so that both sides and what is
	// between them see that the other is there.
	keepAliveEvery = 15 * time.Second
	// writeWithin is how long the browser may take to read an event.
	writeWithin = 10 * time.Second
	// lookWithin is how long one case may take: the others of the stream wait for it.
	lookWithin = 3 * time.Second
	// admitWithin is how long it may take to find out who listens.
	admitWithin = 1500 * time.Millisecond
)

// serveCases answers GET case with the events of the cases.
func (a *App) serveCases(w http.ResponseWriter, r *http.Request) {
	who, refused := a.admit(r)
	conversations := r.URL.Query()["conversationId"]
	if refused == nil && len(conversations) > mostConversations {
		refused = refuse(http.StatusBadRequest, fmt.Sprintf("a stream tells of %d conversations at most", mostConversations))
	}
	for _, c := range conversations {
		if refused == nil && !ingress.IsID(c) {
			refused = refuse(http.StatusBadRequest, "conversationId is not an id")
		}
	}
	if refused != nil {
		refused.Write(w)
		return
	}
	s := newStream(who, conversations)
	if !a.streams.add(s) {
		ingress.Unavailable("there are too many streams, or the server stops; come again").Write(w)
		return
	}
	defer a.streams.remove(s)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // a proxy must not hold events back
	w.WriteHeader(http.StatusOK)
	to := &eventWriter{to: w, flow: http.NewResponseController(w)}
	a.tell(r.Context(), s, to)
	if to.hidden {
		a.throttled.To(r.Context(), a.config.Logger, slog.LevelError, "no panel is told of its case: the ResponseWriter hides http.Flusher; what the host has put around the App must give its own the method Unwrap")
	}
	to.limit() // the end of the answer is written, too
}

// admit finds out who listens, or what he is answered.
func (a *App) admit(r *http.Request) (Agent, *ingress.Reply) {
	ctx, cancel := context.WithTimeout(r.Context(), admitWithin)
	defer cancel()
	called, err := a.authenticate(ctx, r.Header)
	var denied *ingress.Denied
	switch {
	case errors.As(err, &denied):
		return Agent{}, &ingress.Reply{Status: denied.Status, RetryAfter: denied.RetryAfter, Body: ingress.Problem{Error: denied.Sentence}}
	case err != nil:
		a.throttled.To(r.Context(), a.config.Logger, slog.LevelWarn, "it cannot be told who listens", "reason", err)
		reply := ingress.Unavailable("it cannot be told now who listens; come again")
		return Agent{}, &reply
	}
	return agentOf(called), nil
}

// caseEvent is an event of the stream.
type caseEvent struct {
	ConversationID string `json:"conversationId"`
	// TakesPart is false while the agent is not known to take part: then nothing
	// is told of the case.
	TakesPart bool  `json:"takesPart"`
	Case      *Case `json:"case"` // nil: there is none yet
	// Unknown says that nothing of this could be found out now, so that the page
	// does not take silence for an answer.
	Unknown bool `json:"unknown,omitzero"`
}

// tell writes the cases of a stream, when it begins and whenever they change.
func (a *App) tell(ctx context.Context, s *stream, to *eventWriter) {
	ctx, cancel := context.WithTimeout(ctx, streamFor)
	defer cancel()
	go func() {
		select {
		case <-s.end: // also while a case is looked up
			cancel()
		case <-ctx.Done():
		}
	}()
	again, keepAlive := time.NewTicker(a.config.CaseEvery), time.NewTicker(keepAliveEvery)
	defer again.Stop()
	defer keepAlive.Stop()
	s.ask(s.conversations...)
	last := map[string]string{}
	ok := to.keepAlive() // the headers are sent at once
	for ok {
		select {
		case <-ctx.Done():
			return
		case <-keepAlive.C:
			ok = to.keepAlive()
			continue
		case <-again.C:
			s.ask(s.conversations...)
			continue
		case <-s.wake:
		}
		for _, id := range s.take() {
			select {
			case <-keepAlive.C:
				ok = to.keepAlive()
			default:
			}
			if !ok || ctx.Err() != nil {
				break
			}
			event, err := a.look(ctx, id, s.agent)
			if err != nil {
				if ctx.Err() == nil { // the id is not logged: it can be any text of the browser's
					a.throttled.To(ctx, a.config.Logger, slog.LevelWarn, "a panel is not told of a case", "reason", err)
				}
				event = caseEvent{ConversationID: id, Unknown: true} // it is looked up again
			}
			text, _ := json.Marshal(event) // texts and truth values
			if told := string(text); told != last[id] {
				last[id] = told
				ok = to.event(told)
			}
		}
	}
}

// look returns the event that tells of a case.
func (a *App) look(ctx context.Context, conversationID string, agent Agent) (caseEvent, error) {
	ctx, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	event := caseEvent{ConversationID: conversationID}
	var err error
	event.TakesPart, err = a.participation.has(ctx, member{conversationID, agent.ID})
	if err == nil && event.TakesPart {
		var is Case
		if is, err = a.caseOf(ctx, conversationID, agent); is.ID != "" {
			event.Case = &is
		}
	}
	return event, err
}

// eventWriter writes server-sent events.
type eventWriter struct {
	to     http.ResponseWriter
	flow   *http.ResponseController
	hidden bool // events cannot be sent one by one
}

func (w *eventWriter) event(data string) bool { return w.write("event: case\ndata: " + data + "\n\n") }

func (w *eventWriter) keepAlive() bool { return w.write(":\n\n") }

func (w *eventWriter) write(text string) bool {
	w.limit()
	// HTTP/2 resets a stream whose deadline has passed, though nobody writes.
	defer func() { _ = w.flow.SetWriteDeadline(time.Time{}) }()
	if _, err := w.to.Write([]byte(text)); err != nil {
		return false
	}
	err := w.flow.Flush()
	w.hidden = errors.Is(err, errors.ErrUnsupported)
	return err == nil
}

// limit bounds how long a browser that does not read is waited for.
func (w *eventWriter) limit() { _ = w.flow.SetWriteDeadline(time.Now().Add(writeWithin)) }

func refuse(status int, sentence string) *ingress.Reply {
	return &ingress.Reply{Status: status, Body: ingress.Problem{Error: sentence}}
}
