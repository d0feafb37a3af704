package inspector

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// listing is the page of conversations, the most recently changed first.
type listing struct {
	Conversations []line `json:"conversations"`
	// Next is the cursor of the next page; empty on the last one. A page that is not
	// the last one can be short.
	Next string `json:"next,omitzero"`

	Filters filters   `json:"-"`
	Now     time.Time `json:"-"`
}

// moves: how long an open conversation has gone on is shown.
func (l listing) moves() time.Duration {
	if slices.ContainsFunc(l.Conversations, func(x line) bool { return x.Status != conversation.StatusEnded }) {
		return 10 * time.Second
	}
	return 0
}

// line is a conversation in the list.
type line struct {
	ID        string                   `json:"conversationId"`
	Status    conversation.Status      `json:"calculatedStatus"`
	Start     time.Time                `json:"conversationStart,omitzero"`
	End       time.Time                `json:"conversationEnd,omitzero"`
	Direction conversation.Direction   `json:"originatingDirection,omitzero"`
	Media     []conversation.MediaType `json:"mediaTypes,omitzero"`
	Customer  customer                 `json:"customer,omitzero"`
	// Agents are the users who are connected now, and once it has ended those who
	// were participants; Queues those through which it came.
	Agents []name `json:"agents,omitzero"`
	Queues []name `json:"queues,omitzero"`
}

// customer is who the customer is. Name and address stay apart: a name can have
// signs in it that turn round what is written beside it.
type customer struct {
	Name     string `json:"name,omitzero"`
	Address  string `json:"address,omitzero"`
	Withheld bool   `json:"withheld,omitzero"`
}

// name is an id, and the name that goes with it.
type name struct {
	ID   string `json:"id"`
	Name string `json:"name,omitzero"`
}

// Shown is the name, or the id while there is none.
func (n name) Shown() string {
	if n.Name != "" && n.Name != mask {
		return n.Name
	}
	return n.ID
}

const pageSize = 30

func (h *Handler) showConversations(ctx context.Context, see viewer, params url.Values) (shown, error) {
	f, err := readFilters(params)
	if err != nil {
		return nil, err
	}
	l := listing{Conversations: []line{}, Filters: f, Now: time.Now()}
	if f.By == byID && f.Text != "" {
		c, err := h.tracker.Get(ctx, f.Text)
		switch {
		case errors.Is(err, store.ErrNotFound):
		case err != nil:
			return nil, err
		default:
			l.Conversations = append(l.Conversations, see.line(c))
		}
		return l, nil
	}
	q, err := f.query(see, l.Now)
	if err != nil {
		return nil, err
	}
	page, err := h.search(ctx, q)
	if err != nil {
		return nil, err
	}
	for _, c := range page.Conversations {
		l.Conversations = append(l.Conversations, see.line(c))
	}
	l.Next = page.Next
	return l, nil
}

const (
	// searchTime is how long it is searched for what fills a page, and scanned how
	// many conversations are looked at before it is asked how long that took.
	searchTime = 40 * time.Millisecond
	scanned    = 1500
)

// search looks for a page until it is full, or has taken long enough: then it can be
// short, and goes on where its Next says.
func (h *Handler) search(ctx context.Context, q store.Query) (page store.Page, err error) {
	q.Scan = scanned
	for began := time.Now(); ; {
		more, err := h.tracker.Page(ctx, q)
		if err != nil {
			return store.Page{}, err
		}
		page.Conversations = append(page.Conversations, more.Conversations...)
		page.Next, q.After = more.Next, more.Next
		if q.Limit -= len(more.Conversations); q.Limit <= 0 || more.Next == "" || time.Since(began) > searchTime {
			return page, nil
		}
	}
}

func (v viewer) line(c *conversation.Conversation) line {
	l := line{
		ID: c.ID, Status: c.Status, Start: c.Start, End: c.End, Direction: c.OriginatingDirection, Media: c.MediaTypes(), Customer: v.customer(c),
	}
	present := c.PresentUsers()
	for _, p := range c.Participants {
		if p.UserID != "" && p.Purpose != conversation.PurposeVoicemail && (c.Status == conversation.StatusEnded || slices.Contains(present, p.UserID)) {
			l.Agents = with(l.Agents, p.UserID, v.personal(p.Name))
		}
		if p.Purpose.Side() == conversation.QueueSide && p.QueueID != "" {
			l.Queues = with(l.Queues, p.QueueID, p.QueueName)
		}
	}
	return l
}

// with adds a name, unless it is there.
func with(names []name, id, text string) []name {
	if i := slices.IndexFunc(names, func(n name) bool { return n.ID == id }); i >= 0 {
		if names[i].Name == "" {
			names[i].Name = text
		}
		return names
	}
	return append(names, name{id, text})
}

// customer says who the customer is.
func (v viewer) customer(c *conversation.Conversation) customer {
	is, _ := c.Customer()
	if strings.Contains(is.Stated, is.Name) {
		is.Name = "" // a number again
	}
	return customer{v.personal(is.Name), v.personal(is.Address), is.Withheld}
}

// The ways to find conversations.
const (
	byID        = "id"
	byAddress   = "address"
	byUser      = "user"
	byQueue     = "queue"
	byAttribute = "attribute"
)

// filters are the parameters of the list: they select conversations.
type filters struct {
	By, Text          string
	State             string // open, ended; empty: both
	Medium, Direction string
	Since             string // hour, day, week; empty: at any time
	After             string
	Limit             int
}

// choices are the values that a parameter may have; empty is always one.
var choices = map[string][]string{
	"by":        {byID, byAddress, byUser, byQueue, byAttribute},
	"state":     {"open", "ended"},
	"direction": {string(conversation.Inbound), string(conversation.Outbound)},
	"since":     {"hour", "day", "week"},
}

var media = []conversation.MediaType{
	conversation.MediaVoice, conversation.MediaCallback, conversation.MediaChat, conversation.MediaEmail, conversation.MediaMessage,
	conversation.MediaVideo, conversation.MediaCobrowse, conversation.MediaScreenshare, conversation.MediaSocial, conversation.MediaInternalMessage,
}

func readFilters(params url.Values) (f filters, err error) {
	for name, of := range choices {
		if value := params.Get(name); value != "" && !slices.Contains(of, value) {
			return f, badRequest("The parameter " + name + " is one of " + strings.Join(of, ", ") + ".")
		}
	}
	f = filters{
		By: params.Get("by"), Text: strings.TrimSpace(params.Get("text")), State: params.Get("state"), Medium: params.Get("medium"),
		Direction: params.Get("direction"), Since: params.Get("since"), After: params.Get("after"), Limit: pageSize,
	}
	if f.Text != "" && f.By == "" {
		f.By = byID
	}
	if text := params.Get("limit"); text != "" {
		if f.Limit, err = strconv.Atoi(text); err != nil || f.Limit < 1 || f.Limit > store.MostLimit {
			return f, badRequest("The parameter limit is a number from 1 to 1000.")
		}
	}
	return f, nil
}

// ages are how long ago a conversation has changed at most.
var ages = map[string]time.Duration{"hour": time.Hour, "day": 24 * time.Hour, "week": 7 * 24 * time.Hour}

// query returns what the store is asked.
func (f filters) query(see viewer, now time.Time) (store.Query, error) {
	q := store.Query{Order: store.LastChanged, Limit: f.Limit, After: f.After, Open: f.State == "open", Direction: conversation.Direction(f.Direction)}
	if f.State == "ended" {
		q.Status = []conversation.Status{conversation.StatusEnded}
	}
	if f.Medium != "" {
		q.Media = []conversation.MediaType{conversation.MediaType(f.Medium)}
	}
	if age := ages[f.Since]; age > 0 {
		q.ChangedSince = now.Add(-age)
	}
	if f.Text == "" {
		return q, nil
	}
	if !see.Personal && (f.By == byAddress || f.By == byAttribute) {
		return q, badRequest("You have no right to see personal data, so conversations cannot be searched by address or attribute.")
	}
	switch f.By {
	case byAddress:
		if q.Address = conversation.Address(f.Text); q.Address == "" {
			return q, badRequest("This is no address of a customer: it is a telephone number such as +31612345678, an e-mail address, or a platform's id.")
		}
	case byUser:
		q.EverUserID = f.Text
	case byQueue:
		q.EverQueueID = f.Text
	case byAttribute:
		name, value, ok := strings.Cut(f.Text, "=")
		if !ok {
			return q, badRequest("An attribute is searched by name=value, as in caseId=4711.")
		}
		q.Attribute = map[string]string{name: value}
	}
	return q, nil
}

// Short: the page is not full, as it took too long to look at more.
func (l listing) Short() bool { return l.Next != "" && len(l.Conversations) < l.Filters.Limit }

// NextPage are the parameters of the next page.
func (l listing) NextPage() string {
	params := url.Values{"after": {l.Next}}
	for name, value := range map[string]string{
		"by": l.Filters.By, "text": l.Filters.Text, "state": l.Filters.State, "medium": l.Filters.Medium,
		"direction": l.Filters.Direction, "since": l.Filters.Since,
	} {
		if value != "" {
			params.Set(name, value)
		}
	}
	if l.Filters.Limit != pageSize {
		params.Set("limit", strconv.Itoa(l.Filters.Limit))
	}
	return "?" + params.Encode()
}
