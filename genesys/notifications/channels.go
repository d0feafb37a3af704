package notifications

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/internal/permission"
)

// Refusal is a topic that the platform does not let the OAuth client hear.
type Refusal struct {
	Topic  string
	Reason string // the platform's words, or the code of its error
	// MissingPermissions are the permissions that the OAuth client's role needs
	// for it, as in "conversation:communication:view"; empty when the platform
	// does not name them.
	MissingPermissions []string

	fatal bool // with it in the list the platform refuses the whole list
}

// channel is one of the platform's notification channels.
type channel struct {
	ID         string    `json:"id"`
	ConnectURI string    `json:"connectUri"`
	Expires    time.Time `json:"expires,omitzero"`
}

// channels calls the REST side of the notification service (protocol 2.1).
type channels struct {
	api genesys.API
}

const channelsPath = "/api/v2/notifications/channels"

// errNoRoom: creating a channel would end somebody else's.
var errNoRoom = fmt.Errorf("the OAuth client has %d notification channels already, and one more would end the one used least recently; stop other consumers or use an OAuth client of its own", MostChannels)

// list returns the channels of the OAuth client. The platform hides the ids of
// those that another token created, but lists them.
func (c channels) list(ctx context.Context) ([]channel, error) {
	body, err := c.api.Call(ctx, genesys.Request{Path: channelsPath, Query: url.Values{"includechannels": {"oauthclient"}}})
	if err != nil {
		return nil, err
	}
	return entities[channel](body, "the list of channels")
}

// create creates a channel if there is room for one, unless an earlier attempt turns out
// to have created one that is not used.
func (c channels) create(ctx context.Context, earlier *unanswered, used func(id string) bool) (channel, error) {
	all, err := c.list(ctx)
	if err != nil {
		return channel{}, err
	}
	if is, some := earlier.found(all, used); some {
		return is, nil
	}
	if len(all) >= MostChannels {
		return channel{}, errNoRoom
	}
	is, err := c.post(ctx)
	earlier.note(all, err)
	return is, err
}

// post creates a channel.
func (c channels) post(ctx context.Context) (channel, error) {
	body, err := c.api.Call(ctx, genesys.Request{Method: http.MethodPost, Path: channelsPath})
	if err != nil {
		return channel{}, err
	}
	var made channel
	if err := understood(body, &made, "the new channel"); err != nil {
		return channel{}, err
	}
	if made.ID == "" || made.ConnectURI == "" {
		return channel{}, fmt.Errorf("%w: the new channel has no id or no address", genesys.ErrNotUnderstood)
	}
	return made, nil
}

// exists returns nil when the platform knows the channel. The answer to a HEAD has no
// words in which a platform differs from a proxy, so another one is asked for when it
// says no.
func (c channels) exists(ctx context.Context, id string) error {
	_, err := c.api.Call(ctx, genesys.Request{Method: http.MethodHead, Path: channelsPath + "/" + url.PathEscape(id)})
	if !gone(err) {
		return err
	}
	_, said := c.api.Call(ctx, genesys.Request{Path: channelsPath + "/" + url.PathEscape(id) + "/subscriptions"})
	if said == nil || gone(said) {
		return said
	}
	return err
}

// subscribe makes topics the subscriptions of the channel, and returns those
// that were refused. Doing it again renews the channel. The platform should
// refuse topics one by one, but with some errors it refuses the whole list; then
// the list is added in ever smaller halves until the topics at fault are found. Those
// that were found before another call failed are returned beside its error.
func (c channels) subscribe(ctx context.Context, id string, topics []string) ([]Refusal, error) {
	refused, err := c.put(ctx, http.MethodPut, id, topics)
	if !oneIsRefused(err) {
		return refused, err
	}
	c.prune(ctx, id, topics)
	return c.add(ctx, id, topics)
}

// prune takes off the channel what is not wanted any more, so that there is room for
// what is added. What is wanted and there already stays, and is heard meanwhile. Where
// it fails, adding shows why.
func (c channels) prune(ctx context.Context, id string, wanted []string) {
	body, err := c.api.Call(ctx, genesys.Request{Path: channelsPath + "/" + url.PathEscape(id) + "/subscriptions"})
	if err != nil {
		return
	}
	had, err := entities[struct {
		ID string `json:"id"`
	}](body, "the subscriptions")
	if err != nil {
		return
	}
	kept := []string{}
	for _, t := range had {
		if slices.Contains(wanted, t.ID) {
			kept = append(kept, t.ID)
		}
	}
	if len(kept) < len(had) {
		_, _ = c.put(ctx, http.MethodPut, id, kept)
	}
}

// add adds topics, and finds those that make the platform refuse all.
func (c channels) add(ctx context.Context, id string, topics []string) ([]Refusal, error) {
	refused, err := c.put(ctx, http.MethodPost, id, topics)
	if !oneIsRefused(err) {
		return refused, err
	}
	if len(topics) == 1 {
		return []Refusal{refusedBy(err, topics[0])}, nil
	}
	for _, half := range [][]string{topics[:len(topics)/2], topics[len(topics)/2:]} {
		more, err := c.add(ctx, id, half)
		refused = append(refused, more...)
		if err != nil {
			return refused, err
		}
	}
	return refused, nil
}

// oneIsRefused reports whether a subscription failed because of some topic in
// it (protocol 2.4).
func oneIsRefused(err error) bool {
	var e *genesys.APIError
	if !errors.As(err, &e) {
		return false
	}
	return slices.Contains([]string{
		"notification.invalid.topic", "notification.transport.not.allowed",
		"notification.unauthorized.topic", "notification.unauthorized.divisioned.topic", "notification.forbidden.topic",
	}, e.Code)
}

func refusedBy(err error, topic string) Refusal {
	r := Refusal{Topic: topic, fatal: true}
	var e *genesys.APIError
	if errors.As(err, &e) {
		r.Reason, r.MissingPermissions = e.Code, e.MissingPermissions
	}
	return r
}

func (c channels) put(ctx context.Context, method, id string, topics []string) ([]Refusal, error) {
	type topic struct {
		ID     string `json:"id"`
		State  string `json:"state,omitempty"`
		Reason string `json:"rejectionReason,omitempty"`
		// Missing is sent by newer platforms; others name it in the reason (protocol 2.4).
		Missing []string `json:"missingPermissions,omitempty"`
	}
	list := make([]topic, len(topics))
	for i, t := range topics {
		list[i].ID = t
	}
	body, err := json.Marshal(list)
	if err != nil {
		return nil, err
	}
	answer, err := c.api.Call(ctx, genesys.Request{
		Method: method, Path: channelsPath + "/" + url.PathEscape(id) + "/subscriptions",
		Query: url.Values{"ignoreErrors": {"true"}}, Body: body,
	})
	if err != nil {
		return nil, err
	}
	subscribed, err := entities[topic](answer, "the subscriptions")
	if err != nil {
		return nil, err
	}
	var refused []Refusal
	for _, t := range subscribed {
		if t.State == "Rejected" {
			missing := t.Missing
			if len(missing) == 0 {
				missing = permission.Names(t.Reason)
			}
			refused = append(refused, Refusal{Topic: t.ID, Reason: t.Reason, MissingPermissions: missing})
		}
	}
	return refused, nil
}

// entities reads a list of the platform. An answer without entities is an error and
// not an empty list: that of an organisation without channels, or of a subscription
// of nothing, looks different.
func entities[T any](body []byte, what string) ([]T, error) {
	var l struct {
		Entities *[]T `json:"entities"`
	}
	if err := understood(body, &l, what); err != nil {
		return nil, err
	}
	if l.Entities == nil {
		return nil, fmt.Errorf("%w: %s has no entities", genesys.ErrNotUnderstood, what)
	}
	return *l.Entities, nil
}

// understood reads an answer. The decoder's error is left out: it can quote the
// answer.
func understood(body []byte, into any, what string) error {
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("%w: %s", genesys.ErrNotUnderstood, what)
	}
	return nil
}
