package genesys

import (
	"strings"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/internal/wire"
)

// nested reports whether the legs are in lists of their participants, each with
// its id.
func nested(b *wire.Conversation) bool {
	for i := range b.Participants {
		for _, legs := range legLists(&b.Participants[i]) {
			for k := range legs.of {
				if legs.of[k].ID != "" {
					return true
				}
			}
		}
	}
	return false
}

// flattened reports whether the legs are flattened into their participants.
func flattened(b *wire.Conversation) bool {
	for i := range b.Participants {
		if b.Participants[i].State != "" {
			return !nested(b)
		}
	}
	return false
}

// bareMedia states the legs of one medium when nothing around them says which.
func (r reader) bareMedia(m *Message, b *wire.Conversation, source conversation.Source) error {
	media := mediumOf(b)
	if media == "" {
		return refuse("conversation of one medium", "nothing in it tells the medium")
	}
	return r.mediaSnapshot(m, b, media, source)
}

// mediumOf returns the medium of flattened legs; empty when nothing tells it.
func mediumOf(b *wire.Conversation) conversation.MediaType {
	uri := strings.ToLower(b.SelfURI)
	for word, media := range mediaTopics {
		if strings.Contains(uri, "/conversations/"+word+"/") {
			return media
		}
	}
	for i := range b.Participants {
		if media := providedMedium(b.Participants[i].Provider); media != "" {
			return media
		}
	}
	for i := range b.Participants {
		if media := peculiarMedium(&b.Participants[i]); media != "" {
			return media
		}
	}
	return ""
}

// providers are words in the names of the providers of one medium, in lower
// case (protocol 3.7).
var providers = []struct {
	word  string
	media conversation.MediaType
}{
	{"chat", conversation.MediaChat}, // PureCloud Webchat v2
	{"callback", conversation.MediaCallback},
	{"email", conversation.MediaEmail},
	{"messag", conversation.MediaMessage},
	{"cobrowse", conversation.MediaCobrowse},
	{"screenshare", conversation.MediaScreenshare},
	{"video", conversation.MediaVideo},
	{"social", conversation.MediaSocial},
	{"edge", conversation.MediaVoice},
	{"voice", conversation.MediaVoice},
}

func providedMedium(provider string) conversation.MediaType {
	provider = strings.ToLower(provider)
	for _, p := range providers {
		if strings.Contains(provider, p.word) {
			return p.media
		}
	}
	return ""
}

// peculiarMedium is the only medium whose legs have what the participant has.
func peculiarMedium(p *wire.Participant) conversation.MediaType {
	switch {
	case len(p.CallbackNumbers) > 0 || p.CallbackUserName != "" || !p.CallbackScheduledTime.IsZero():
		return conversation.MediaCallback
	case p.CobrowseSessionID != "":
		return conversation.MediaCobrowse
	case p.SocialMediaID != "":
		return conversation.MediaSocial
	case p.RoomID != "":
		return conversation.MediaChat
	case p.Subject != "":
		return conversation.MediaEmail
	case p.Type != "" || len(p.Messages) > 0:
		return conversation.MediaMessage
	case p.ANI != "" || p.DNIS != "" || conversation.ParseSessionState(p.State) == conversation.StateTerminated:
		return conversation.MediaVoice
	}
	return ""
}

// mediaSnapshot states a snapshot of one medium (3.7): each participant is its
// own leg, whose session id is not given.
func (r reader) mediaSnapshot(m *Message, b *wire.Conversation, media conversation.MediaType, source conversation.Source) error {
	if b.ID == "" {
		return refuse(string(media)+" conversation", "id is missing")
	}
	var times span
	gone := lost{what: string(media) + " conversation", id: b.ID}
	c := liveConversation(b, &times, &gone)
	for i := range b.Participants {
		f := &b.Participants[i]
		if f.ID == "" {
			gone.add(f, "id is missing", "/participants/%d", i)
			continue
		}
		p := liveParticipant(f, &times)
		p.End = time.Time{} // that of the leg: the participant may go on with another medium
		p.UserID, p.QueueID = or(p.UserID, f.User), or(p.QueueID, f.Queue)
		p.TeamID, p.GroupID = or(p.TeamID, f.Team), or(p.GroupID, f.Group)
		p.ExternalContactID, p.ExternalOrganizationID = or(p.ExternalContactID, f.ExternalContact), or(p.ExternalOrganizationID, f.ExternalOrganization)
		p.Sessions = []*conversation.Session{flatSession(f, media, &times)}
		setRouting(p, &f.ConversationRoutingData)
		c.Participants = append(c.Participants, p)
	}
	r.stateLive(m, c, source, times)
	return gone.err()
}

func or(id string, ref wire.Ref) string {
	if id != "" {
		return id
	}
	return ref.ID
}

// flatSession is the leg of a flattened participant. It has no disconnected
// time: after-call work begins with the hang-up, and without it the
// participant's end is the leg's.
func flatSession(f *wire.Participant, media conversation.MediaType, times *span) *conversation.Session {
	s := conversation.ShadowSession(f.ID, media)
	s.Direction, s.Provider = conversation.ParseDirection(f.Direction), f.Provider
	s.Start, s.ConnectedTime = f.StartTime.Time, f.ConnectedTime.Time
	s.DisconnectType = conversation.ParseDisconnectType(f.DisconnectType)
	s.ErrorCode = f.ErrorInfo.Code
	s.PeerID, s.ScriptID, s.RoomID, s.Subject = f.Peer, f.Script.ID, f.RoomID, f.Subject
	s.Held, s.Muted, s.Recording, s.HoldStart = f.Held, f.Muted, f.Recording, f.StartHoldTime.Time
	s.ParkTime, s.ResumeTime = f.ParkTime.Time, f.ResumeTime.Time
	s.ACWStart, s.ACWEnd, s.ACWSkipped = f.StartAcwTime.Time, f.EndAcwTime.Time, f.WrapupSkipped
	s.ANI, s.DNIS = f.ANI, f.DNIS
	s.CallbackUserName, s.CallbackNumbers, s.CallbackScheduledTime = f.CallbackUserName, f.CallbackNumbers, f.CallbackScheduledTime.Time
	s.SkipEnabled, s.TimeoutSeconds = f.SkipEnabled, seconds(f.TimeoutSeconds)
	s.OutboundCampaignID, s.OutboundContactID, s.OutboundContactListID = f.OutboundPreview.CampaignID, f.OutboundPreview.ContactID, f.OutboundPreview.ContactListID
	s.JourneyCustomerID, s.JourneyCustomerIDType = f.JourneyContext.Customer.ID, f.JourneyContext.Customer.IDType
	s.JourneyCustomerSessionID, s.JourneyActionID = f.JourneyContext.CustomerSession.ID, f.JourneyContext.TriggeringAction.ID
	if media == conversation.MediaMessage {
		s.MessageType = conversation.ParseMessageType(f.Type)
	}
	switch {
	case !f.StartAcwTime.IsZero() && s.DisconnectType != "":
		s.DisconnectedTime = f.StartAcwTime.Time
	case !f.EndTime.IsZero():
		s.DisconnectedTime = f.EndTime.Time
	}
	setState(s, f.State)
	setWrapUp(s, &f.Wrapup)
	for _, t := range []wire.Time{f.StartAcwTime, f.EndAcwTime, f.Wrapup.EndTime} { // see liveSession
		times.add(t.Time)
	}
	return s
}
