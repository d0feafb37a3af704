package genesystest

import (
	"cmp"
	"net/http"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// mostChannels is how many channels a client may have, and each user of one (protocol 2.2).
const mostChannels = 20

// channels are the notification channels and who subscribed what.
type channels struct {
	server  *Server
	pattern *regexp.Regexp

	mu      sync.Mutex
	byID    map[string]*channel
	byTopic map[string]map[*channel]string // individual topic: the name to deliver it under
}

type channel struct {
	id, token     string
	owner         owner
	expires, used time.Time
	deaf          bool     // a fault: it tells no events
	topics        []string // as subscribed
	refused       refusedParts
	socket        *socket // nil: nobody is connected
}

func newChannels(s *Server) *channels {
	return &channels{server: s, pattern: topicPattern(), byID: map[string]*channel{}, byTopic: map[string]map[*channel]string{}}
}

// find returns the channel and notes that it was used; nil when it does not
// exist or has expired. It needs the lock.
func (cs *channels) find(id string) *channel {
	ch := cs.byID[id]
	if ch == nil {
		return nil
	}
	now := time.Now()
	if !now.Before(ch.expires) {
		cs.drop(ch)
		return nil
	}
	ch.used = now
	return ch
}

// drop removes a channel silently. It needs the lock.
func (cs *channels) drop(ch *channel) {
	cs.setTopics(ch, nil, nil)
	delete(cs.byID, ch.id)
	if ch.socket != nil {
		ch.socket.end(websocket.CloseNormalClosure, "") // nobody says why
	}
}

// refusedParts are the individual topics of combined topics that a channel does
// not hear, by the combined topic (protocol 2.3).
type refusedParts map[string][]string

// setTopics replaces what the channel has subscribed. It needs the lock.
func (cs *channels) setTopics(ch *channel, topics []string, refused refusedParts) {
	for _, t := range ch.topics {
		for _, part := range parts(t) {
			delete(cs.byTopic[part], ch)
			if len(cs.byTopic[part]) == 0 {
				delete(cs.byTopic, part)
			}
		}
	}
	ch.topics, ch.refused = topics, refused
	for _, t := range topics {
		for _, part := range parts(t) {
			if slices.Contains(refused[t], part) {
				continue
			}
			if cs.byTopic[part] == nil {
				cs.byTopic[part] = map[*channel]string{}
			}
			name := part
			if cs.server.combinedNames {
				name = t
			}
			cs.byTopic[part][ch] = name
		}
	}
}

// createChannel answers POST /api/v2/notifications/channels.
func (s *Server) createChannel(c *call) answer {
	now := time.Now()
	ch := &channel{id: "streaming-0-" + s.dice.uuid()[:18], owner: c.token.owner(), token: c.token.value, expires: now.Add(s.channelLifetime), used: now}
	cs := s.channels
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.makeRoom(ch.owner)
	ch.deaf = s.faults.poolIsUsedUp(cs.count(ch.owner))
	cs.byID[ch.id] = ch
	return ok(ch.object(c.Host))
}

// makeRoom evicts the least recently used channel of an owner who has as many
// as he may, those without a connection first.
func (cs *channels) makeRoom(whose owner) {
	var mine []*channel
	now := time.Now()
	for _, ch := range cs.byID {
		switch {
		case !now.Before(ch.expires):
			cs.drop(ch)
		case ch.owner == whose:
			mine = append(mine, ch)
		}
	}
	if len(mine) < mostChannels {
		return
	}
	cs.drop(slices.MinFunc(mine, func(a, b *channel) int {
		if (a.socket == nil) != (b.socket == nil) {
			if a.socket == nil {
				return -1
			}
			return 1
		}
		return a.used.Compare(b.used)
	}))
}

// count returns how many channels an owner has. It needs the lock.
func (cs *channels) count(whose owner) (n int) {
	for _, ch := range cs.byID {
		if ch.owner == whose {
			n++
		}
	}
	return n
}

func (ch *channel) object(host string) Object {
	return Object{"connectUri": "ws://" + host + "/channels/" + ch.id, "id": ch.id, "expires": isoTime(ch.expires)}
}

// listChannels answers GET /api/v2/notifications/channels. With
// includechannels=oauthclient the ids of other tokens' channels are hidden.
func (s *Server) listChannels(c *call) answer {
	cs := s.channels
	cs.mu.Lock()
	defer cs.mu.Unlock()
	entities := []Object{}
	for _, ch := range cs.sorted() {
		switch {
		case !time.Now().Before(ch.expires) || ch.owner != c.token.owner():
		case ch.token == c.token.value:
			entities = append(entities, ch.object(c.Host))
		case c.URL.Query().Get("includechannels") == "oauthclient":
			entities = append(entities, Object{"expires": isoTime(ch.expires)})
		}
	}
	return ok(Object{"entities": entities})
}

func (cs *channels) sorted() []*channel {
	var all []*channel
	for _, ch := range cs.byID {
		all = append(all, ch)
	}
	slices.SortFunc(all, func(a, b *channel) int { return a.expires.Compare(b.expires) })
	return all
}

// headChannel answers HEAD /api/v2/notifications/channels/{id}.
func (s *Server) headChannel(c *call) answer {
	cs := s.channels
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.find(c.PathValue("id")) == nil {
		return answer{status: http.StatusNotFound}
	}
	return answer{status: http.StatusOK}
}

// subscribers returns the sockets of the channels that subscribed one of the
// topics, with the names to deliver under. Nobody is queued for: a channel
// without a socket gets nothing (protocol 2.6).
func (cs *channels) subscribers(topics ...string) []subscriber {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	var all []subscriber
	for _, t := range topics {
		for ch, name := range cs.byTopic[t] {
			if ch.socket != nil && !ch.deaf && time.Now().Before(ch.expires) {
				all = append(all, subscriber{ch.socket, name})
			}
		}
	}
	slices.SortFunc(all, func(a, b subscriber) int { // so that the same seed makes the same faults
		return cmp.Or(cmp.Compare(a.socket.channel.id, b.socket.channel.id), cmp.Compare(a.topic, b.topic))
	})
	return all
}

// detailed reports whether somebody has subscribed detail events of the
// conversation.
func (cs *channels) detailed(conversation string) bool {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	for _, suffix := range detailSuffixes {
		if len(cs.byTopic["v2.detail.events.conversation."+conversation+"."+suffix]) > 0 {
			return true
		}
	}
	return false
}

type subscriber struct {
	socket *socket
	topic  string
}

// sockets returns all open sockets.
func (cs *channels) sockets() []*socket {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	var all []*socket
	for _, ch := range cs.sorted() {
		if ch.socket != nil {
			all = append(all, ch.socket)
		}
	}
	return all
}

func (cs *channels) closeAll() {
	for _, so := range cs.sockets() {
		so.cut()
	}
}
