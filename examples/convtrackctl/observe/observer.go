package observe

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
)

// Observer gathers what is said. It is safe for concurrent use.
type Observer struct {
	began time.Time
	grace time.Duration

	mu            sync.Mutex
	conversations map[string]*observed
	order         []string // of the running numbers
	heard         map[Mechanism]*heard
	channels      []string // of notifications, that were created
	detectors     []running
}

// heard is what a mechanism has said in all.
type heard struct {
	messages, refused int
	blind             []span
}

// span is a time in which a part of a mechanism heard nothing; to is zero while it
// lasts.
type span struct {
	part     string
	from, to time.Time
}

// observed is what was said of one conversation.
type observed struct {
	number     int
	first      time.Time // when it was first heard of
	subscribed time.Time // when its detail events were; zero: they were not
	moments    map[moment]*told
	pictures   map[Mechanism]*conversation.Conversation // all that the mechanism said, joined
	reads      []time.Time                              // of its record
}

// New returns an observer. Of what happened less than grace before the end it is
// not asked who has not told it yet.
func New(grace time.Duration) *Observer {
	o := &Observer{began: time.Now(), grace: grace, conversations: map[string]*observed{}, heard: map[Mechanism]*heard{}}
	for _, f := range Facts() {
		t := &tally{conversations: map[string]bool{}}
		o.detectors = append(o.detectors, running{f, t, f.open(t)})
	}
	return o
}

// expect notes mechanisms that are listened to, whether they say anything or not.
func (o *Observer) expect(all ...Mechanism) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, m := range all {
		o.of(m)
	}
}

// Frame is told of a frame of a WebSocket; as notifications.Config.OnFrame.
func (o *Observer) Frame(frame []byte, read time.Time) {
	m, err := genesys.Decode(frame, read)
	by := Snapshots
	switch {
	case m.Kind == genesys.KindHeartbeat || m.Kind == genesys.KindSystem:
		return
	case strings.HasPrefix(m.Topic, "v2.detail.events."):
		by = DetailEvents
	}
	o.hear(by, m, err, read, takeApart(by, frame, read))
}

// Message is told of a message of a queue; as eventbridge.QueueConfig.OnMessage.
func (o *Observer) Message(body []byte, received time.Time) {
	m, err := genesys.DecodeDelivered(body, received)
	o.hear(Queue, m, err, received, takeApart(Queue, body, received))
}

// API returns the API with every call told to the observer.
func (o *Observer) API(api genesys.API) genesys.API { return &calls{api, o} }

type calls struct {
	genesys.API
	observer *Observer
}

// Call implements genesys.API.
func (c *calls) Call(ctx context.Context, r genesys.Request) ([]byte, error) {
	body, err := c.API.Call(ctx, r)
	if ctx.Err() == nil {
		c.observer.called(r, body, err, time.Now())
	}
	return body, err
}

// called takes an answer of the API.
func (o *Observer) called(r genesys.Request, body []byte, failed error, at time.Time) {
	var refused *genesys.APIError
	errors.As(failed, &refused)
	o.see(&observation{at: at, call: &call{request: r, refused: refused, failed: failed != nil}})
	switch {
	case failed != nil:
	case strings.HasPrefix(r.Path, channelsPath):
		o.subscribed(r, body, at)
	case strings.HasPrefix(r.Path, recordsPath), strings.HasPrefix(r.Path, livePath):
		by := Records
		if strings.HasPrefix(r.Path, livePath) {
			by = Live
		}
		m, err := genesys.Decode(body, at)
		o.hear(by, m, err, at, takeApart(by, body, at))
	}
}

// Paths of the API.
const (
	channelsPath = "/api/v2/notifications/channels"
	recordsPath  = "/api/v2/analytics/conversations/"
	livePath     = "/api/v2/conversations/"
)

// subscribed notes for which conversations detail events are heard from now on,
// and which channels there are.
func (o *Observer) subscribed(r genesys.Request, body []byte, at time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if r.Path == channelsPath && r.Verb() == "POST" {
		var channel struct {
			ID string `json:"id"`
		}
		if json.Unmarshal(body, &channel) == nil && channel.ID != "" {
			o.channels = append(o.channels, channel.ID)
		}
		return
	}
	var topics []struct {
		ID string `json:"id"`
	}
	_ = json.Unmarshal(r.Body, &topics) // what else has a body names no topics
	for _, t := range topics {
		id, _, _ := strings.Cut(strings.TrimPrefix(t.ID, "v2.detail.events.conversation."), ".")
		id, _, _ = strings.Cut(id, "?")
		if c := o.conversations[id]; c != nil && c.subscribed.IsZero() {
			c.subscribed = at
		}
	}
}

// Channels are the notification channels that were created through the API.
func (o *Observer) Channels() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]string(nil), o.channels...)
}

// Gap is told of a time in which a source heard nothing.
func (o *Observer) Gap(g conversation.Gap) {
	if g.From.Before(o.began) { // before anybody listened
		return
	}
	by := []Mechanism{Snapshots, DetailEvents}
	if strings.HasPrefix(g.Source, "eventbridge") {
		by = []Mechanism{Queue}
	} else if !strings.HasPrefix(g.Source, "notifications") {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, m := range by {
		h := o.of(m)
		is := span{g.Source, g.From, g.To}
		if i := slices.IndexFunc(h.blind, func(s span) bool { return s.part == is.part && s.from.Equal(is.from) }); i >= 0 {
			h.blind[i] = is
			continue
		}
		h.blind = append(h.blind, is)
	}
}

// of is what a mechanism has said. It needs the lock.
func (o *Observer) of(m Mechanism) *heard {
	if o.heard[m] == nil {
		o.heard[m] = &heard{}
	}
	return o.heard[m]
}

// hear takes what a mechanism says.
func (o *Observer) hear(by Mechanism, m *genesys.Message, refused error, at time.Time, parts []*observation) {
	o.mu.Lock()
	h := o.of(by)
	h.messages++
	if refused != nil {
		h.refused++
	}
	for _, c := range m.Conversations {
		o.note(by, c, at)
	}
	o.mu.Unlock()
	for _, s := range parts {
		o.see(s)
	}
}

// note takes what is said of a conversation. It needs the lock.
func (o *Observer) note(by Mechanism, c *conversation.Conversation, at time.Time) {
	is := o.conversations[c.ID]
	if is == nil {
		is = &observed{number: len(o.order) + 1, first: at, moments: map[moment]*told{}, pictures: map[Mechanism]*conversation.Conversation{}}
		o.conversations[c.ID] = is
		o.order = append(o.order, c.ID)
	}
	is.pictures[by] = conversation.Merge(is.pictures[by], c)
	if by == Records {
		is.reads = append(is.reads, at)
	}
	is.tell(by, at)
}

// see lets all detectors look.
func (o *Observer) see(s *observation) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, d := range o.detectors {
		if d.tally.conversation = s.conversation; d.see != nil {
			d.see(s)
		}
	}
}

// Conversations are the ids of those that were heard of and have not been
// observed to their end, or all of them.
func (o *Observer) Conversations() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]string(nil), o.order...)
}

// Progress says how much was heard so far.
func (o *Observer) Progress() (conversations int, messages map[Mechanism]int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	messages = map[Mechanism]int{}
	for m, h := range o.heard {
		messages[m] = h.messages
	}
	return len(o.order), messages
}
