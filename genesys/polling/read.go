package polling

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/internal/pause"
	"github.com/dcmkit/convtrack/internal/redact"
)

// Sizes of reads. The platform does not publish its maxima (protocol 6.5); a
// hundred is in general use.
const (
	pageSize    = 100
	mostIDs     = 100
	jobPageSize = 1000
)

// reader reads conversations from the API and gives them to the sink.
type reader struct {
	api       genesys.API
	answered  func(time.Time) // called with the time of each answer of the API
	sink      conversation.Sink
	log       *slog.Logger
	malformed *malformed
	refused   *refusedIDs
	recent    recent
	unstored  *outliers // what the store refuses while it takes others
	unread    *outliers // what the platform fails to answer about while it answers about others
	// storeWorks returns an error when the store takes no writes.
	storeWorks func(context.Context) error
}

func newReader(api genesys.API, answered func(time.Time), log *slog.Logger, storeWorks func(context.Context) error) *reader {
	return &reader{api: api, answered: answered, log: log, malformed: newMalformed(log), refused: newRefusedIDs(), unstored: newOutliers(leftOutAfter), unread: newOutliers(leftOutAfter), storeWorks: storeWorks}
}

// mostTries is how many times a call is made while it fails for a temporary
// reason, so that a long read need not start from the beginning.
const mostTries = 4

// longTrying is after how long a call that the platform fails on, or does not answer in
// time, is not made again: who asked may ask for less, or go on without it.
const longTrying = 30 * time.Second

// call makes a call, and repeats it when it fails for a temporary reason, or when
// its answer is not understood. understand is given the time at which the request
// was sent, as the answer may lack whatever happened after that.
func (r *reader) call(ctx context.Context, q genesys.Request, understand func(body []byte, sent time.Time) error) error {
	growing := pause.Growing(time.Second, time.Minute)
	var first time.Time
	for try := 1; ; try++ {
		sent := time.Now()
		q.Sent = &sent
		body, err := r.api.Call(ctx, q)
		first = earlier(first, sent)
		if err == nil {
			r.answered(time.Now())
			err = understand(body, sent)
		}
		if failedOn(err) && time.Since(first) > longTrying {
			return err
		}
		if err == nil || try == mostTries || ctx.Err() != nil || genesys.IsPermanent(err) || !pause.Sleep(ctx, growing.NextBackOff()) {
			return err
		}
	}
}

// conversations reads a page of conversations and stores what it says. Its data
// reaches up to until where it does not say how far; zero: up to now.
func (r *reader) conversations(ctx context.Context, what string, until time.Time, q genesys.Request) (found []*conversation.Conversation, page *conversationPage, err error) {
	err = r.call(ctx, q, func(body []byte, sent time.Time) (err error) {
		if page, err = readConversations(body); err == nil {
			found, err = r.malformed.decode(what, page.asOf(sent, until), page.Conversations.values)
		}
		return naming(what, err)
	})
	if err != nil {
		return nil, nil, err
	}
	r.recent.add(found)
	for _, c := range found {
		r.unread.succeeded(part{what, c.ID}, time.Now())
	}
	return found, page, r.store(ctx, what, found)
}

// naming adds to an error which answer is not understood.
func naming(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("polling: %s: %w", what, err)
}

// store gives to the sink what was read of conversations. One that the store refuses
// for long, while it takes others, does not block these; it is stored when it is next
// read.
func (r *reader) store(ctx context.Context, what string, list []*conversation.Conversation) error {
	if len(list) == 0 {
		return nil
	}
	err := r.sink(ctx, conversation.Update{Conversations: list})
	if ctx.Err() != nil {
		return asStoreError(err)
	}
	refused := map[string]error{}
	switch {
	case err == nil:
	case len(list) == 1:
		refused[list[0].ID] = err
	default:
		for _, c := range list {
			if e := r.sink(ctx, conversation.Update{Conversations: []*conversation.Conversation{c}}); e != nil {
				refused[c.ID] = e
			}
		}
	}
	for _, c := range list {
		if refused[c.ID] == nil {
			r.unstored.succeeded(part{what, c.ID}, time.Now())
		}
	}
	if len(refused) == 0 {
		return nil
	}
	if r.storeWorks(ctx) != nil {
		r.unstored.clear()
		return asStoreError(err)
	}
	wait := false
	for id, e := range refused {
		leftOut := r.unstored.failed(part{what, id}, time.Now())
		wait = wait || !leftOut
		r.log.Warn("a conversation could not be stored", "read", what, "conversation", id, "left_out", leftOut, "reason", e)
	}
	if wait {
		return asStoreError(err)
	}
	return nil
}

func asStoreError(err error) error {
	if err == nil {
		return nil
	}
	return &storeError{fmt.Errorf("what was read could not be stored: %w", err)}
}

// storeError is an error of the store, not of the platform.
type storeError struct{ err error }

func (e *storeError) Error() string { return e.err.Error() }
func (e *storeError) Unwrap() error { return e.err }

// details reads the records of up to mostIDs conversations. Those that the
// platform does not know, or does not know yet, are left out. When it refuses
// the list as a whole or fails on it, or nothing in its answer is understood, the list
// is halved until the ids that cause it are found; they are left out, too, and not
// requested again for askAgainAfter: at once where it refuses them, and where it fails
// on them only when that lasts. That it answers about others must be seen: when it
// answers about none, the cause is not in the ids.
func (r *reader) details(ctx context.Context, ids []string, repair bool) ([]*conversation.Conversation, error) {
	return r.detailsOf(ctx, r.refused.without(ids, time.Now()), repair, new(bool))
}

func (r *reader) detailsOf(ctx context.Context, ids []string, repair bool, answers *bool) ([]*conversation.Conversation, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	found, err := r.detailsAtOnce(ctx, ids, repair)
	if !divisible(err) {
		*answers = *answers || err == nil
		return found, err
	}
	if len(ids) > 1 {
		var failed error
		for _, half := range [][]string{ids[:len(ids)/2], ids[len(ids)/2:]} {
			more, err := r.detailsOf(ctx, half, repair, answers)
			if err != nil && !(failedOn(err) && *answers) {
				return nil, err
			}
			found, failed = append(found, more...), cmp.Or(failed, err)
		}
		return found, failed
	}
	// That it failed may have taken long, so what was answered before says little.
	if !*answers || failedOn(err) {
		if *answers = r.answersAboutAnother(ctx, ids, func(ctx context.Context, id string) error {
			_, err := r.detailsAtOnce(ctx, []string{id}, repair)
			return err
		}); !*answers {
			return nil, err
		}
	}
	if failedOn(err) && !r.unread.failed(part{whatDetails, ids[0]}, time.Now()) {
		return nil, err
	}
	r.refused.add(ids[0], time.Now())
	r.log.Warn("the platform does not give the details of a conversation", "conversation", redact.ID(ids[0]), "reason", err)
	return nil, nil
}

const whatDetails = "details"

func (r *reader) detailsAtOnce(ctx context.Context, ids []string, repair bool) ([]*conversation.Conversation, error) {
	found, _, err := r.conversations(ctx, whatDetails, time.Time{}, genesys.Request{
		Path: "/api/v2/analytics/conversations/details", Query: url.Values{"id": {strings.Join(ids, ",")}}, Repair: repair,
	})
	return found, err
}

// answersAboutAnother reports whether the platform answers a question about a
// conversation that was read recently and is none of ids.
func (r *reader) answersAboutAnother(ctx context.Context, ids []string, ask func(ctx context.Context, id string) error) bool {
	id := r.recent.other(ids)
	if id == "" || ask(ctx, id) != nil {
		return false
	}
	r.unread.succeeded(part{id: id}, time.Now())
	return true
}

// errNothing: the live API has nothing of a conversation; its record says why.
var errNothing = errors.New("the live API has nothing of the conversation")

// live reads a conversation from the live API, as records lag behind.
func (r *reader) live(ctx context.Context, id string, repair bool) error {
	const what = "live conversation"
	var found []*conversation.Conversation // in the last answer
	err := r.call(ctx, genesys.Request{Path: "/api/v2/conversations/" + url.PathEscape(id), Repair: repair}, func(body []byte, sent time.Time) (err error) {
		if found = nil; emptyObject(body) {
			return nil
		}
		if found, err = r.malformed.decode(what, sent, []jsontext.Value{body}); err == nil && found[0].ID != id {
			err = notUnderstood("it is about another conversation")
		}
		return naming(what, err)
	})
	switch {
	case err != nil:
		return err
	case found == nil:
		return errNothing
	}
	return r.store(ctx, what, found)
}

// evaluations reads the evaluations of a conversation. The filters that the
// SDK always sends are left out, as they hide what was released.
func (r *reader) evaluations(ctx context.Context, id string) error {
	const what = "evaluations"
	for number := 1; number*pageSize <= mostResults; number++ {
		var page *entityPage
		var found []*conversation.Conversation
		err := r.call(ctx, genesys.Request{
			Path: "/api/v2/quality/evaluations/query", Repair: true,
			Query: url.Values{
				"conversationId": {id}, "expandAnswerTotalScores": {"true"},
				"pageSize": {fmt.Sprint(pageSize)}, "pageNumber": {fmt.Sprint(number)},
			},
		}, func(body []byte, sent time.Time) (err error) {
			if page, err = readEntities(body); err == nil {
				found, err = r.malformed.decode(what, sent, page.Entities.values)
			}
			return naming(what, err)
		})
		if err == nil {
			err = r.store(ctx, what, found)
		}
		if err != nil || page.NextURI == "" { // page counts can be wrong, nextUri is not
			return err
		}
	}
	return nil
}

// surveys reads the surveys of a conversation.
func (r *reader) surveys(ctx context.Context, id string) error {
	const what = "surveys"
	var found []*conversation.Conversation
	err := r.call(ctx, genesys.Request{Path: "/api/v2/quality/conversations/" + url.PathEscape(id) + "/surveys", Repair: true}, func(body []byte, sent time.Time) error {
		list, err := readList(body)
		if err == nil {
			found, err = r.malformed.decode(what, sent, list.values)
		}
		return naming(what, err)
	})
	if err != nil {
		return err
	}
	return r.store(ctx, what, found)
}
