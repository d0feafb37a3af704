package genesystest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"
)

// The limits of subscriptions (protocol 2.2).
const (
	mostTopics      = 1000
	mostTopicLength = 200
)

// getSubscriptions answers GET …/channels/{id}/subscriptions.
func (s *Server) getSubscriptions(c *call) answer {
	cs := s.channels
	cs.mu.Lock()
	defer cs.mu.Unlock()
	ch := cs.find(c.PathValue("id"))
	if ch == nil {
		return noChannel()
	}
	entities := []Object{}
	for _, t := range ch.topics {
		entities = append(entities, permitted(t))
	}
	return ok(Object{"entities": entities})
}

// deleteSubscriptions answers DELETE …/channels/{id}/subscriptions.
func (s *Server) deleteSubscriptions(c *call) answer {
	cs := s.channels
	cs.mu.Lock()
	defer cs.mu.Unlock()
	ch := cs.find(c.PathValue("id"))
	if ch == nil {
		return noChannel()
	}
	cs.setTopics(ch, nil, nil)
	return answer{status: http.StatusOK}
}

// addSubscriptions answers POST …/channels/{id}/subscriptions.
func (s *Server) addSubscriptions(c *call) answer { return s.subscribe(c, true) }

// replaceSubscriptions answers PUT …/channels/{id}/subscriptions.
func (s *Server) replaceSubscriptions(c *call) answer { return s.subscribe(c, false) }

// subscribe checks all topics of the request before it changes anything: one
// that is refused refuses the request, unless errors are to be ignored
// (protocol 2.4).
func (s *Server) subscribe(c *call, add bool) answer {
	var wanted []struct {
		ID string `json:"id"`
	}
	if err := json.NewDecoder(c.Body).Decode(&wanted); err != nil {
		return badRequest("The body must be an array of topics.")
	}
	ignore := c.URL.Query().Get("ignoreErrors") == "true"
	cs := s.channels
	cs.mu.Lock()
	defer cs.mu.Unlock()
	ch := cs.find(c.PathValue("id"))
	if ch == nil {
		return noChannel()
	}
	var topics []string
	refused := refusedParts{}
	if add {
		topics = slices.Clone(ch.topics)
		maps.Copy(refused, ch.refused)
	}
	entities := []Object{}
	for _, w := range wanted {
		refusals := s.refusals(c.token, w.ID)
		if len(refusals) > 0 && !ignore {
			return refusals[0].answer
		}
		var unheard []string
		for _, r := range refusals {
			unheard = append(unheard, r.topic)
			o := Object{"id": r.topic, "state": "Rejected", "rejectionReason": r.answer.body.(*errorBody).Message}
			if r.permission != "" {
				o["missingPermissions"] = []string{r.permission}
			}
			entities = append(entities, o)
		}
		if len(refusals) == len(parts(w.ID)) {
			continue
		}
		entities = append(entities, permitted(w.ID))
		refused[w.ID] = unheard
		if !slices.Contains(topics, w.ID) {
			topics = append(topics, w.ID)
		}
	}
	if len(topics) > mostTopics {
		return refuse(http.StatusBadRequest, "notification.subscription.too.many.subscriptions",
			fmt.Sprintf("A channel can have at most %d subscriptions.", mostTopics))
	}
	cs.setTopics(ch, topics, refused)
	ch.expires = time.Now().Add(s.channelLifetime)
	if ch.socket != nil {
		ch.socket.wakeUp()
	}
	return ok(Object{"entities": entities})
}

type refusal struct {
	topic      string
	answer     answer
	permission string // that is missing; empty: that is not why
}

// refusals says which parts of the topic are refused, and why.
func (s *Server) refusals(t *token, topic string) []refusal {
	var all []refusal
	for _, part := range parts(topic) {
		switch {
		case len(topic) > mostTopicLength || !s.channels.pattern.MatchString(part):
			all = append(all, refusal{part, refuse(http.StatusBadRequest, "notification.invalid.topic", "The subscription topic is not valid."), ""})
		case s.forbids(part) || !s.rights.mayHear(t, part):
			all = append(all, refusal{part, refuse(http.StatusForbidden, "notification.unauthorized.topic",
				fmt.Sprintf("The user does not have permission %q required for topic %q", ViewConversations, part)), ViewConversations})
		}
	}
	return all
}

func permitted(topic string) Object {
	return Object{"id": topic, "state": "Permitted", "selfUri": "/api/v2/notifications/availabletopics/" + topic}
}

func noChannel() answer {
	return refuse(http.StatusNotFound, "entity.not.found", "Subscription list not found.")
}
