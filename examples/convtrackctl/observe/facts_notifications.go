package observe

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
)

// notificationFacts are about topics and channels.
func notificationFacts() []Fact {
	return []Fact{
		{"combined-topic", "2.3", "presumably delivers under the individual topic's name (U)", "a combined topic delivers under the name of the individual topic", combinedTopics},
		{"missing-permission", "2.4", "A 403 names the permissions in its message and in `messageParams.permissions` (form S, wording U).", "a 403 names the permission that is missing, in a form that is understood", missingPermissions},
		{"provider-word", "3.7", "`Edge`, `PureCloud Webchat v2`, `PureCloud Callback` (R), other names by the word in them (U)", "the name of a provider that is not known has a word in it that tells the medium", providerWords},
		{"topic-after-leaving", "", "Whether a user's topic goes on after the user has left the conversation.", "a user's topic goes on telling of a conversation after the user has left it", topicAfterLeaving},
	}
}

func combinedTopics(t *tally) detector {
	return detector{see: func(s *observation) {
		if s.by == DetailEvents || s.by == Snapshots && strings.Contains(s.topic, "?") {
			t.say(s.conversation, !strings.Contains(s.topic, "?")) // detail events are subscribed combined
		}
	}}
}

func missingPermissions(t *tally) detector {
	return detector{see: func(s *observation) {
		if s.call != nil && s.call.refused != nil && s.call.refused.Status == http.StatusForbidden {
			t.say(s.call.refused.Method+s.call.refused.Path, len(s.call.refused.MissingPermissions) > 0)
		}
	}}
}

// media are those of the lists of legs.
var media = map[string]conversation.MediaType{"calls": conversation.MediaVoice, "callbacks": conversation.MediaCallback, "chats": conversation.MediaChat,
	"emails": conversation.MediaEmail, "messages": conversation.MediaMessage, "cobrowsesessions": conversation.MediaCobrowse,
	"screenshares": conversation.MediaScreenshare, "videos": conversation.MediaVideo, "socialExpressions": conversation.MediaSocial}

func providerWords(t *tally) detector {
	known := map[string]bool{"": true, "Edge": true, "PureCloud Webchat v2": true, "PureCloud Callback": true}
	return detector{see: func(s *observation) {
		if s.by != Snapshots && s.by != Live {
			return
		}
		for _, p := range s.body.objects("participants") {
			p.legs(func(list string, leg object) {
				provider := leg.text("provider")
				if medium := media[list]; medium != "" && !known[provider] {
					t.say(provider+" "+list, understoodMedium(provider) == medium)
				}
			})
		}
	}}
}

// understoodMedium is what is made of a provider's name where nothing else tells
// the medium.
func understoodMedium(provider string) conversation.MediaType {
	body, _ := json.Marshal(object{"id": "c", "participants": []object{{"id": "p", "purpose": "agent", "state": "connected", "provider": provider}}}) // texts alone
	m, err := genesys.Decode(body, time.Time{})
	if err != nil || len(m.Conversations) == 0 {
		return ""
	}
	for _, l := range conversation.Merge(nil, m.Conversations[0]).Legs() {
		return l.Session.MediaType
	}
	return ""
}

// leaving is a user's part in a conversation.
type leaving struct {
	left   time.Time // zero: the user is still there
	latest time.Time // the latest thing that the user's topic has told
}

// later is how much later than the user left something is, that is no matter of
// the leaving itself.
const later = 2 * time.Second

func topicAfterLeaving(t *tally) detector {
	parts := map[[2]string]*leaving{} // by conversation and user
	latest := map[string]time.Time{}  // by conversation, that any topic has told
	return detector{
		see: func(s *observation) {
			if s.by != Snapshots || s.body.objects("participants") == nil {
				return
			}
			now := latestTime(s.body)
			if now.After(latest[s.conversation]) {
				latest[s.conversation] = now
			}
			for user, left := range lefts(s.body) {
				key := [2]string{s.conversation, user}
				if parts[key] == nil {
					parts[key] = &leaving{}
				}
				parts[key].left = left
				if s.topic == "v2.users."+user+".conversations" && now.After(parts[key].latest) {
					parts[key].latest = now
				}
			}
		},
		end: func(*Observer) {
			for key, p := range parts {
				until := p.left.Add(later)
				if p.left.IsZero() || p.latest.IsZero() || !latest[key[0]].After(until) {
					continue
				}
				t.conversation = key[0]
				t.say(key[0]+key[1], p.latest.After(until))
			}
		},
	}
}

// lefts says for each user of a snapshot when they left; zero: they are there.
func lefts(body object) map[string]time.Time {
	left := map[string]time.Time{}
	for _, p := range body.objects("participants") {
		user := p.text("userId")
		if user == "" {
			continue
		}
		end := p.time("endTime")
		if was, known := left[user]; known && (was.IsZero() || was.After(end) && !end.IsZero()) {
			continue
		}
		left[user] = end
	}
	return left
}

// latestTime is the latest that a snapshot tells of.
func latestTime(body object) (latest time.Time) {
	for _, p := range body.objects("participants") {
		note := func(o object, names ...string) {
			for _, name := range names {
				if at := o.time(name); at.After(latest) {
					latest = at
				}
			}
		}
		note(p, "connectedTime", "endTime", "startAcwTime", "endAcwTime")
		p.legs(func(_ string, leg object) { note(leg, "connectedTime", "disconnectedTime") })
	}
	return latest
}
