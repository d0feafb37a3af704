package genesystest

import (
	"encoding/json"
	"strings"
	"time"
)

// listConversations answers GET /api/v2/conversations: the active conversations
// of the user who is logged in, and a client is no user.
func (s *Server) listConversations(c *call) answer {
	all := []Object{}
	for _, p := range s.stage.all() {
		if body := p.asSeenBy(c.token.UserID); body != nil {
			all = append(all, body)
		}
	}
	return ok(page(all, 1, max(len(all), 25), len(all)))
}

// asSeenBy is the conversation as the user has it on his desktop; nil: it is
// none of his, or not any more.
func (p *Playing) asSeenBy(user string) (body Object) {
	p.view(0, func(st *Story, at time.Duration) {
		if st.legOf(user, at) != nil {
			body = st.REST(at)
		}
	})
	return body
}

// getConversation answers GET /api/v2/conversations/{id} with the live record,
// which stays after the end. The lists of one medium, as in
// /api/v2/conversations/calls, are for users only (trap 20).
func (s *Server) getConversation(c *call) answer {
	for _, media := range mediaTopicSuffixes() {
		if strings.EqualFold(c.PathValue("id"), media) {
			return s.notAUser(c)
		}
	}
	var body Object
	over := false
	found := s.viewConversation(c.PathValue("id"), func(st *Story, at time.Duration) { body, over = st.REST(at), st.recordEnd(at) != Never })
	if !found || over && s.otherwise.takes(LiveForgets) {
		return notFound("conversation")
	}
	return ok(body)
}

// getMediaConversation answers GET /api/v2/conversations/calls/{id} and the
// like.
func (s *Server) getMediaConversation(c *call) answer {
	for media, suffix := range mediaTopicSuffixes() {
		if !strings.EqualFold(suffix, c.PathValue("media")) {
			continue
		}
		var body Object
		found := s.viewConversation(c.PathValue("id"), func(st *Story, at time.Duration) {
			for _, l := range st.Legs {
				if l.Media == media && l.Start <= at {
					body = st.MediaSnapshot(media, at)
				}
			}
		})
		if !found || body == nil {
			break
		}
		return ok(body)
	}
	return notFound("conversation")
}

func (s *Server) viewConversation(id string, compose func(*Story, time.Duration)) bool {
	p := s.stage.find(id)
	return p != nil && p.view(0, compose)
}

// patchAttributes answers PATCH …/participants/{participant}/attributes.
func (s *Server) patchAttributes(c *call) answer {
	var body struct {
		Attributes map[string]string `json:"attributes"`
	}
	if err := json.NewDecoder(c.Body).Decode(&body); err != nil {
		return badRequest("The body must be an object with attributes, all of them text.")
	}
	p := s.stage.find(c.PathValue("id"))
	if p == nil {
		return notFound("conversation")
	}
	found := false
	p.change(func(st *Story, at time.Duration) bool {
		for _, l := range st.Legs {
			found = found || l.Participant == c.PathValue("participant") && l.Start <= at
		}
		if found {
			st.setAttributes(at, c.PathValue("participant"), body.Attributes)
		}
		return found
	})
	if !found {
		return notFound("participant")
	}
	return accepted(Object{"attributes": body.Attributes})
}

// disconnect answers POST /api/v2/conversations/{id}/disconnect.
func (s *Server) disconnect(c *call) answer {
	p := s.stage.find(c.PathValue("id"))
	if p == nil {
		return notFound("conversation")
	}
	p.change(func(st *Story, at time.Duration) bool {
		st.disconnect(at)
		return true
	})
	return accepted("accepted")
}
