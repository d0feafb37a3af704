package polling

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/internal/pause"
)

// Sizes of reads. The platform does not publish its maxima (protocol 6.5); a
// hundred is what everybody uses.
const (
	pageSize    = 100
	mostIDs     = 100
	jobPageSize = 1000
)

// reader reads conversations from the API and gives them to the sink.
type reader struct {
	api  genesys.API
	sink conversation.Sink
	note func(what string, err error) // told of parts of answers that are not understood
}

// mostTries is how often a call is made that fails for a passing reason, so that
// long work need not begin anew.
const mostTries = 4

// call makes a call, and again when it fails for a passing reason.
func (r *reader) call(ctx context.Context, q genesys.Request) ([]byte, error) {
	growing := pause.Growing(time.Second, time.Minute)
	for try := 1; ; try++ {
		body, err := r.api.Call(ctx, q)
		if err == nil || try == mostTries || ctx.Err() != nil || genesys.IsPermanent(err) || !pause.Sleep(ctx, growing.NextBackOff()) {
			return body, err
		}
	}
}

// fetch makes a call and stores what the answer says of conversations.
func (r *reader) fetch(ctx context.Context, q genesys.Request) ([]*conversation.Conversation, []byte, error) {
	body, err := r.call(ctx, q)
	if err != nil {
		return nil, nil, err
	}
	if s := bytes.TrimSpace(body); len(s) == 0 || string(s) == "{}" { // an answer without results
		return nil, body, nil
	}
	m, err := genesys.Decode(body, time.Now())
	if err != nil {
		r.note("a part of an answer is not understood", err)
	}
	if len(m.Conversations) == 0 {
		return nil, body, nil
	}
	return m.Conversations, body, r.store(ctx, m.Conversations)
}

// store gives conversations to the sink. One that the store refuses does not
// hold up the others: it is read again in its time.
func (r *reader) store(ctx context.Context, list []*conversation.Conversation) error {
	err := r.sink(ctx, conversation.Update{Conversations: list})
	if err == nil || ctx.Err() != nil || len(list) == 1 {
		return asStoreError(err)
	}
	stored := 0
	for _, c := range list {
		if e := r.sink(ctx, conversation.Update{Conversations: []*conversation.Conversation{c}}); e != nil {
			r.note("a conversation could not be stored", e)
			continue
		}
		stored++
	}
	if stored == 0 {
		return asStoreError(err)
	}
	return nil
}

func asStoreError(err error) error {
	if err == nil {
		return nil
	}
	return &storeError{err}
}

// storeError: what was read could not be stored.
type storeError struct{ err error }

func (e *storeError) Error() string { return "what was read could not be stored: " + e.err.Error() }
func (e *storeError) Unwrap() error { return e.err }

// details reads the records of up to mostIDs conversations. Those that the
// platform does not know, or does not know yet, are left out. When it refuses
// the list as a whole, the culprit is left out, too.
func (r *reader) details(ctx context.Context, ids []string, repair bool) ([]*conversation.Conversation, error) {
	found, _, err := r.fetch(ctx, genesys.Request{
		Path: "/api/v2/analytics/conversations/details", Query: url.Values{"id": {strings.Join(ids, ",")}}, Repair: repair,
	})
	if !genesys.IsPermanent(err) || genesys.HasStatus(err, http.StatusForbidden) {
		return found, err
	}
	if len(ids) == 1 {
		r.note("the platform refuses to give the details of a conversation", err)
		return nil, nil
	}
	for _, half := range [][]string{ids[:len(ids)/2], ids[len(ids)/2:]} {
		more, err := r.details(ctx, half, repair)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	return found, nil
}

// live reads a conversation as it is now: records lag behind.
func (r *reader) live(ctx context.Context, id string) ([]*conversation.Conversation, error) {
	found, _, err := r.fetch(ctx, genesys.Request{Path: "/api/v2/conversations/" + url.PathEscape(id), Repair: true})
	return found, err
}

// startedSince reads the records of conversations that began in the interval,
// the latest first, page by page. The platform selects by day, so it stops at
// the first page that is older, and it repeats some where others come in
// meanwhile.
func (r *reader) startedSince(ctx context.Context, from, to time.Time, repair bool, page func(found []*conversation.Conversation)) error {
	for number := 1; ; number++ {
		body, err := json.Marshal(map[string]any{
			"interval": interval(from, to), "order": "desc", "orderBy": "conversationStart",
			"paging": map[string]int{"pageSize": pageSize, "pageNumber": number},
		}, json.Deterministic(true))
		if err != nil {
			return err
		}
		found, _, err := r.fetch(ctx, genesys.Request{Path: "/api/v2/analytics/conversations/details/query", Body: body, Repair: repair})
		if err != nil {
			return err
		}
		page(found)
		if len(found) == 0 || !slices.ContainsFunc(found, func(c *conversation.Conversation) bool { return !c.Start.Before(from) }) {
			return nil
		}
	}
}

// evaluations reads the evaluations of a conversation. The filters that the
// SDK always sends are left out, as they hide what was released.
func (r *reader) evaluations(ctx context.Context, id string) error {
	for number := 1; ; number++ {
		_, body, err := r.fetch(ctx, genesys.Request{
			Path: "/api/v2/quality/evaluations/query", Repair: true,
			Query: url.Values{
				"conversationId": {id}, "expandAnswerTotalScores": {"true"},
				"pageSize": {fmt.Sprint(pageSize)}, "pageNumber": {fmt.Sprint(number)},
			},
		})
		if err != nil {
			return err
		}
		var l struct {
			NextURI string `json:"nextUri"`
		}
		if err := json.Unmarshal(body, &l); err != nil {
			return errors.New("a page of evaluations is not understood")
		}
		if l.NextURI == "" { // the counts can be wrong, this is not
			return nil
		}
	}
}

// surveys reads the surveys of a conversation.
func (r *reader) surveys(ctx context.Context, id string) error {
	_, _, err := r.fetch(ctx, genesys.Request{Path: "/api/v2/quality/conversations/" + url.PathEscape(id) + "/surveys", Repair: true})
	return err
}

// interval writes an interval as analytics wants it.
func interval(from, to time.Time) string {
	const layout = "2006-01-02T15:04:05.000Z"
	return from.UTC().Format(layout) + "/" + to.UTC().Format(layout)
}
