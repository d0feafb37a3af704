//go:build !race

// These laws share nothing between goroutines, and take long under the race
// detector; make test runs both.

package genesystest_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// forms are all forms in which Genesys tells of a conversation.
var forms = []struct {
	name     string
	messages func(*genesystest.Story) [][]byte
}{
	{"detail events", (*genesystest.Story).Details},
	{"EventBridge", (*genesystest.Story).Envelopes},
	{"SQS", (*genesystest.Story).QueueMessages},
	{"conversation topics", (*genesystest.Story).Snapshots},
	{"media topics", (*genesystest.Story).MediaSnapshots},
	{"REST", (*genesystest.Story).Bodies},
	{"analytics", (*genesystest.Story).Records},
}

// stories are all scenarios, and conversations whose only question is who of
// those at the outside is the customer.
func stories() []genesystest.Scenario {
	outbound := func(id, media, message string) (s *genesystest.Story, out *genesystest.Leg) {
		s = genesystest.NewStory(id)
		s.Direction, s.Media, s.Message = "outbound", media, message
		s.User("a", 0, "user-a").Answer(time.Second).Ends(100*time.Second, "client").NoWrapUp()
		out = s.External("out", 2*time.Second).Dialing(9*time.Second).Ends(100*time.Second, "peer")
		return s, out
	}
	outsider := func(s *genesystest.Story, start time.Duration) {
		s.External("outsider", start).Dialing(start+5*time.Second).Ends(90*time.Second, "endpoint").With(func(l *genesystest.Leg) {
			l.Address, l.Name, l.Direction, l.Conference = "tel:+4930123456", "", "outbound", true
		})
	}
	inbound := func(id, media, message string) *genesystest.Story {
		s := genesystest.NewStory(id)
		s.Media, s.Message = media, message
		s.Customer("cust", 0).Ends(100*time.Second, "endpoint")
		s.Agent("a", 3*time.Second, "user-a", "q-1").Answer(5*time.Second).Ends(101*time.Second, "peer").WrapUp(110*time.Second, "w-1")
		return s
	}
	own := map[string]func() *genesystest.Story{
		"conference with an outsider": func() *genesystest.Story {
			s := inbound("c-outsider", "voice", "")
			outsider(s, 20*time.Second)
			return s
		},
		"conference of a manual call": func() *genesystest.Story {
			s, _ := outbound("c-manual-conference", "voice", "")
			outsider(s, 30*time.Second)
			return s
		},
		"conference of two customers": func() *genesystest.Story {
			s := inbound("c-two", "voice", "")
			s.Customer("second", 20*time.Second).Ends(80*time.Second, "endpoint").Address = "tel:+4930123456"
			return s
		},
		"an outsider remains": func() *genesystest.Story {
			s := inbound("c-remains", "voice", "")
			s.Legs[0].Ends(50*time.Second, "endpoint")
			outsider(s, 20*time.Second)
			return s
		},
	}
	for _, m := range [][2]string{{"email", ""}, {"message", "sms"}, {"message", "whatsapp"}, {"message", "webmessaging"}, {"chat", ""}} {
		own["inbound "+strings.TrimSpace(m[0]+" "+m[1])] = func() *genesystest.Story { return inbound("c-in", m[0], m[1]) }
		if m[0] != "chat" {
			own["outbound "+strings.TrimSpace(m[0]+" "+m[1])] = func() *genesystest.Story { s, _ := outbound("c-out", m[0], m[1]); return s }
		}
	}
	all := genesystest.Scenarios()
	for _, name := range slices.Sorted(maps.Keys(own)) {
		all = append(all, genesystest.Scenario{Name: name, Story: own[name]})
	}
	return all
}

func partials(t *testing.T, messages [][]byte) []*conversation.Conversation {
	t.Helper()
	var all []*conversation.Conversation
	for _, data := range messages {
		m, err := genesys.Decode(data, time.Time{})
		require.NoError(t, err, "%s", data)
		all = append(all, m.Conversations...)
	}
	return all
}

func joined(partials []*conversation.Conversation) *conversation.Conversation {
	var c *conversation.Conversation
	for _, p := range partials {
		c = conversation.Merge(c, p)
	}
	return c
}

// theCustomer is who the story's customer is: the leg at the outside that
// begins first, a customer's before any other.
func theCustomer(s *genesystest.Story) (customer conversation.Customer, known bool) {
	var first *genesystest.Leg
	for _, purpose := range []string{"customer", "external"} {
		for _, l := range s.Legs {
			if l.Purpose == purpose && (first == nil || first.Purpose == purpose && l.Start < first.Start) {
				first = l
			}
		}
	}
	if first == nil {
		return customer, false
	}
	customer = conversation.Customer{ParticipantID: first.Participant, SessionID: first.Session, ExternalContactID: first.Contact}
	for _, l := range s.Legs {
		if l.Participant != first.Participant || customer.Address != "" {
			continue
		}
		if strings.Contains(l.Address, "anonymous") || strings.Contains(l.Address, "Restricted") {
			customer.Withheld, customer.SessionID = true, l.Session
			continue
		}
		if customer.Address = strings.TrimPrefix(l.Address, "tel:"); customer.Address != "" {
			customer.Withheld, customer.SessionID = false, l.Session
		}
	}
	return customer, customer.Address != "" || customer.Withheld
}

// requireCustomer compares what is said of the customer, but for the spelling
// and the name, which not all forms have.
func requireCustomer(t *testing.T, s *genesystest.Story, c *conversation.Conversation, namesLegs bool) {
	t.Helper()
	want, wantKnown := theCustomer(s)
	got, known := c.Customer()
	require.Equal(t, wantKnown, known, "known: %+v", got)
	got.Stated, got.Name = "", ""
	if !namesLegs || !known {
		got.SessionID, want.SessionID = "", ""
	}
	require.Equal(t, want, got)
	requireNotTheOrganisation(t, got)
}

func requireNotTheOrganisation(t *testing.T, c conversation.Customer) {
	t.Helper()
	require.NotContains(t, []string{"+31201234567", "service@dcm.example", "page-1"}, c.Address, "that is the organisation")
}

// TestEveryFormOfMessageTellsWhoTheCustomerIs tells every scenario in every
// form, alone and together.
func TestEveryFormOfMessageTellsWhoTheCustomerIs(t *testing.T) {
	for _, scenario := range stories() {
		var all []*conversation.Conversation
		for _, form := range forms {
			t.Run(scenario.Name+"/"+form.name, func(t *testing.T) {
				s := scenario.Story()
				said := partials(t, form.messages(s))
				all = append(all, said...)
				requireCustomer(t, s, joined(said), form.name != "media topics")
			})
		}
		t.Run(scenario.Name+"/all", func(t *testing.T) { requireCustomer(t, scenario.Story(), joined(all), true) })
	}
}

// TestTheLastMessageAloneTellsWhoTheCustomerIs is the case of a tracker that
// begins in the middle: what the poller or the socket says first must do. Of
// detail events each tells of one leg only.
func TestTheLastMessageAloneTellsWhoTheCustomerIs(t *testing.T) {
	for _, scenario := range stories() {
		for _, form := range forms {
			switch form.name {
			case "detail events", "EventBridge", "SQS", "media topics":
				continue
			}
			t.Run(scenario.Name+"/"+form.name, func(t *testing.T) {
				s := scenario.Story()
				said := partials(t, form.messages(s))
				requireCustomer(t, s, joined(said[len(said)-1:]), true)
			})
		}
	}
}

// EventBridge may be filtered down to what one needs, and a socket may be deaf
// for a while: each event about the customer's leg says it.
func TestEachDetailEventOfTheCustomerTellsWhoItIs(t *testing.T) {
	told := 0
	for _, scenario := range stories() {
		s := scenario.Story()
		want, known := theCustomer(s)
		if !known {
			continue
		}
		for _, e := range s.DetailEvents() {
			if !strings.HasPrefix(e.Event, "customer.") || e.Body["sessionId"] != want.SessionID {
				continue
			}
			told++
			got, known := joined(partials(t, [][]byte{genesystest.Frame("v2.detail.events.conversation."+s.ID+"."+e.Event, e.Body)})).Customer()
			require.True(t, known, "%s: %s", scenario.Name, e.Event)
			got.Stated, got.Name = "", ""
			require.Equal(t, want, got, "%s: %s", scenario.Name, e.Event)
		}
	}
	require.Greater(t, told, 80)
}

func TestTheCustomerIsTheSameInWhateverOrderTheSourcesSpeak(t *testing.T) {
	const seed = 1
	t.Logf("the seed is %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for _, scenario := range stories() {
		t.Run(scenario.Name, func(t *testing.T) {
			var said []*conversation.Conversation
			for _, form := range forms {
				said = append(said, partials(t, form.messages(scenario.Story()))...)
			}
			want, wantKnown := joined(said).Customer()
			for range 4 {
				random.Shuffle(len(said), func(i, j int) { said[i], said[j] = said[j], said[i] })
				got, known := joined(said).Customer()
				require.Equal(t, want, got)
				require.Equal(t, wantKnown, known)
			}
		})
	}
}

func TestACustomerOfWhomNothingWasSaidIsNotKnownYet(t *testing.T) {
	s := genesystest.BlindTransferToQueue()
	for name, c := range map[string]*conversation.Conversation{
		"nothing":        {ID: s.ID},
		"a flow's event": joined(partials(t, s.Details()[1:2])),
	} {
		customer, known := c.Customer()
		require.False(t, known, name)
		require.Empty(t, customer, name)
	}
}
