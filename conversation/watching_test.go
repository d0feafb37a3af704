package conversation

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestWhoWatchesOnOneLegMayTalkOnAnother: a record gathers the legs of a user in
// one participant, whichever of them that is, while the live API says of the
// participant of one leg whom it watches.
func TestWhoWatchesOnOneLegMayTalkOnAnother(t *testing.T) {
	for sign, watch := range map[string]func(*Participant){
		"monitors":       func(p *Participant) { p.MonitoredParticipantID = "x" },
		"coaches":        func(p *Participant) { p.CoachedParticipantID = "x" },
		"barges":         func(p *Participant) { p.BargedParticipantID = "x" },
		"what is unseen": func(p *Participant) { p.Supervises = true },
	} {
		for _, gathered := range []string{"p-watch", "p-talk"} {
			for _, shown := range []string{"both", "the leg that watches"} {
				for shape, live := range map[string]func(p, s string) *Session{
					"named":     func(_, s string) *Session { return &Session{ID: s} },
					"flattened": func(p, _ string) *Session { return ShadowSession(p, MediaVoice) },
				} {
					by := SourceTopic
					if shape == "flattened" {
						by = SourceMediaTopic
					}
					if shape == "flattened" && gathered == "p-talk" {
						continue // which leg is whose, nothing tells then
					}
					leg := func(participant, session string, from int) *Conversation {
						s := live(participant, session)
						s.MediaType, s.ConnectedTime, s.State = MediaVoice, at(from), StateConnected
						p := &Participant{ID: participant, Purpose: PurposeUser, UserID: "u", Sessions: []*Session{s}}
						if session == "s-watch" {
							watch(p)
						}
						return State(&Conversation{ID: "c", Participants: []*Participant{p}}, Statement{By: by, Seen: at(from)})
					}
					record := State(&Conversation{ID: "c", Participants: []*Participant{{ID: gathered, Purpose: PurposeUser, UserID: "u", Sessions: []*Session{
						{ID: "s-watch", MediaType: MediaVoice, ConnectedTime: at(1000)}, {ID: "s-talk", MediaType: MediaVoice, ConnectedTime: at(9000),
							Segments: []*Segment{{Type: SegmentInteract, Start: at(9000)}}}}}}}, Statement{By: SourceAnalytics, At: at(20000), Seen: at(20000)})
					messages := []*Conversation{leg("p-watch", "s-watch", 1000), record}
					if shown == "both" {
						messages = append(messages, leg("p-talk", "s-talk", 9000))
					}
					permute(len(messages), func(order []int) {
						var c *Conversation
						for _, i := range order {
							c = Merge(c, messages[i])
						}
						what := fmt.Sprint(sign, ", ", shape, ", gathered in ", gathered, ", shown: ", shown)
						for _, l := range c.Legs() {
							if !l.Flattened {
								require.Equal(t, l.Session.ID == "s-watch", l.Supervises, "%s: %s", what, l.Session.ID)
							}
						}
					})
				}
			}
		}
	}
}
