package hooktest_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/events/hooktest"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// say is what hooks of a test do instead of their work.
type say func(format string, args ...any)

// call is a call that an agent answers after half a minute in a queue.
func call(id string) (s *genesystest.Story, customer, agent *genesystest.Leg) {
	s = genesystest.NewStory(id)
	customer = s.Customer("caller", 0)
	queue := s.Queue("acd", time.Second, "q-1")
	agent = s.Agent("a", 25*time.Second, "user-a", "q-1").Answer(30 * time.Second)
	queue.AnsweredBy(agent, 10*time.Millisecond)
	return s, customer, agent
}

// ended is a call that the agent ends after five minutes and wraps up.
func ended(id, code string, wrappedUp time.Duration) *genesystest.Story {
	s, customer, agent := call(id)
	agent.Ends(5*time.Minute, "client").WrapUp(wrappedUp, code)
	customer.Ends(5*time.Minute+15*time.Millisecond, "peer")
	return s
}

// TestHooksThatProfessionalServicesAskFor are whole hooks, each with a story over
// every form. It says what each form cannot know.
func TestHooksThatProfessionalServicesAskFor(t *testing.T) {
	for name, test := range map[string]struct {
		hook    func(*events.Hooks, say)
		story   func() *genesystest.Story
		want    []string
		without []string // forms that cannot know
	}{
		"only VIPs are tracked": {
			hook: func(hooks *events.Hooks, say say) {
				events.Before(hooks, "vip", func(_ context.Context, e *events.ConversationCreated) error {
					if customer, known := e.Conversation.Customer(); known && customer.Address != "+31600000001" {
						return events.Veto("no VIP")
					}
					return nil
				})
				events.After(hooks, "tracked", func(_ context.Context, e *events.ConversationEnded) error {
					say("a VIP called")
					return nil
				})
			},
			story: func() *genesystest.Story { return ended("c-1", "w-1", 6*time.Minute) },
		},
		"wrap-up X makes a task, also two days late": {
			hook: func(hooks *events.Hooks, say say) {
				events.After(hooks, "task", func(_ context.Context, e *events.AgentWrappedUp) error {
					if e.WrapUpCode == "call-back-later" {
						say("task for %s", e.UserID)
					}
					return nil
				})
			},
			story: func() *genesystest.Story { return ended("c-1", "call-back-later", 48*time.Hour) },
			want:  []string{"task for user-a"},
		},
		"a survey below 3 notifies": {
			hook: func(hooks *events.Hooks, say say) {
				events.After(hooks, "notify", func(_ context.Context, e *events.SurveyCompleted) error {
					if e.PromoterScore != nil && *e.PromoterScore < 3 {
						say("%s got %g of 10", e.UserID, *e.PromoterScore)
					}
					return nil
				})
			},
			story: func() *genesystest.Story {
				s := ended("c-1", "w-1", 6*time.Minute)
				s.Survey("good", "user-b", "q-1", 10*time.Minute).Complete(20*time.Minute, 90, 9)
				s.Survey("bad", "user-a", "q-1", 10*time.Minute).Complete(30*time.Hour, 20, 2)
				return s
			},
			want: []string{"user-a got 2 of 10"},
		},
		"a released evaluation is for the coach": {
			hook: func(hooks *events.Hooks, say say) {
				events.After(hooks, "coach", func(_ context.Context, e *events.EvaluationReleased) error {
					say("talk with %s about %g of 100", e.UserID, *e.TotalScore)
					return nil
				})
			},
			story: func() *genesystest.Story {
				s := ended("c-1", "w-1", 6*time.Minute)
				s.Evaluation("ev-1", "user-a", "judge", "q-1", time.Hour).Finish(9*24*time.Hour, 40, 100)
				return s
			},
			want: []string{"talk with user-a about 40 of 100"},
		},
		"a hold longer than two minutes": {
			hook: func(hooks *events.Hooks, say say) {
				events.Define(hooks, "hold.long", func(c *conversation.Conversation) (found []events.Fact[string]) {
					for _, l := range c.Legs() {
						for _, g := range l.Session.Segments {
							if at := g.Start.Add(2 * time.Minute); g.Type == conversation.SegmentHold && (g.Open() || g.End.After(at)) {
								found = append(found, events.Fact[string]{Key: g.Start.String(), Time: at, Data: l.Participant.UserID})
							}
						}
					}
					return found
				})
				events.After(hooks, "hold", func(_ context.Context, e *events.Custom[string]) error {
					say("%s lets the customer wait", e.Data)
					return nil
				})
			},
			story: func() *genesystest.Story {
				s, customer, agent := call("c-1")
				agent.Hold(60*time.Second, 70*time.Second).Hold(80*time.Second, 4*time.Minute).Ends(5*time.Minute, "client").WrapUp(6*time.Minute, "w-1")
				customer.Ends(5*time.Minute+15*time.Millisecond, "peer")
				return s
			},
			want:    []string{"user-a lets the customer wait"},
			without: []string{"snapshots", "detail events", "EventBridge", "REST"}, // they do not say when a hold began
		},
		"an e-mail lies parked for more than a day": {
			hook: func(hooks *events.Hooks, say say) {
				events.Define(hooks, "email.forgotten", func(c *conversation.Conversation) (found []events.Fact[string]) {
					for _, l := range c.Legs() {
						for _, g := range l.Session.Segments {
							if at := g.Start.Add(24 * time.Hour); g.Type == conversation.SegmentParked && (g.Open() || g.End.After(at)) {
								found = append(found, events.Fact[string]{Key: g.Start.String(), Time: at, Data: l.Participant.UserID})
							}
						}
					}
					return found
				})
				events.After(hooks, "remind", func(_ context.Context, e *events.Custom[string]) error {
					say("remind %s", e.Data)
					return nil
				})
			},
			story: func() *genesystest.Story {
				s := genesystest.NewStory("c-1")
				s.Media = "email"
				s.Customer("writer", 0)
				queue := s.Queue("acd", time.Second, "q-1")
				queue.AnsweredBy(s.Agent("a", 25*time.Second, "user-a", "q-1").Answer(30*time.Second).Park(time.Hour, 40*time.Hour), 0)
				return s
			},
			want:    []string{"remind user-a"},
			without: []string{"snapshots", "detail events", "EventBridge", "REST"}, // they do not say since when it is parked
		},
		"three alerts without an answer": {
			hook: func(hooks *events.Hooks, say say) {
				events.After(hooks, "unanswered", func(_ context.Context, e *events.AgentUnanswered) error {
					missed := 0
					for _, l := range e.Conversation.Legs() {
						if l.Alerted && l.Over && !l.Answered && l.Participant.UserID == e.UserID && !l.End.After(e.Time) {
							missed++
						}
					}
					if missed == 3 {
						say("%s does not answer", e.UserID)
					}
					return nil
				})
			},
			story: func() *genesystest.Story {
				s := genesystest.NewStory("c-1")
				s.Customer("caller", 0)
				s.Queue("acd", time.Second, "q-1")
				for i := range 4 {
					begin := time.Duration(i+1) * 40 * time.Second
					s.Agent(fmt.Sprint("a", i), begin, "user-a", "q-1").Ends(begin+20*time.Second, "client")
				}
				return s
			},
			want: []string{"user-a does not answer"},
		},
		"a queue is entered": {
			hook: func(hooks *events.Hooks, say say) {
				events.After(hooks, "queue", func(_ context.Context, e *events.ConversationQueued) error {
					say("waits in %s", e.QueueID)
					return nil
				})
			},
			story: genesystest.BlindTransferToQueue,
			want:  []string{"waits in q-1", "waits in q-2"},
		},
		"abandoned in the queue": {
			hook: func(hooks *events.Hooks, say say) {
				events.After(hooks, "abandoned", func(_ context.Context, e *events.ConversationEnded) error {
					waited := false
					for _, l := range e.Conversation.Legs() {
						if l.Side == conversation.AgentSide && l.Answered {
							return nil
						}
						waited = waited || l.Side == conversation.QueueSide
					}
					if waited {
						say("call back")
					}
					return nil
				})
			},
			story: func() *genesystest.Story {
				s := genesystest.NewStory("c-1")
				s.Customer("caller", 0).Ends(90*time.Second, "endpoint")
				s.Queue("acd", time.Second, "q-1").Ends(90*time.Second, "peer")
				return s
			},
			want: []string{"call back"},
		},
		"the agent is off because the customer hung up": {
			hook: func(hooks *events.Hooks, say say) {
				events.After(hooks, "left", func(_ context.Context, e *events.AgentLeft) error {
					if e.Reason == events.LeftCustomerLeft {
						say("%s was hung up on after %v", e.UserID, time.Duration(e.ConnectedDurationMs)*time.Millisecond)
					}
					return nil
				})
			},
			story: func() *genesystest.Story {
				s, customer, agent := call("c-1")
				customer.Ends(2*time.Minute, "endpoint")
				agent.Ends(2*time.Minute, "peer").WrapUp(3*time.Minute, "w-1")
				return s
			},
			want: []string{"user-a was hung up on after 1m30s"},
		},
		"an attribute changes": {
			hook: func(hooks *events.Hooks, say say) {
				events.After(hooks, "order", func(_ context.Context, e *events.ConversationChanged) error {
					if e.Has(conversation.ObjectParticipant, "attributes.orderId") {
						say("order %s", e.Conversation.Participants[0].Attributes["orderId"])
					}
					return nil
				})
			},
			story: func() *genesystest.Story {
				s := ended("c-1", "w-1", 6*time.Minute)
				s.Attributes = []genesystest.Attribute{{At: time.Minute, Participant: "p-caller", Values: map[string]string{"orderId": "7"}}}
				return s
			},
			want:    []string{"order 7"},
			without: []string{"records"},
		},
		"the status changes": {
			hook: func(hooks *events.Hooks, say say) {
				events.After(hooks, "status", func(_ context.Context, e *events.ConversationChanged) error {
					if e.Has(conversation.ObjectConversation, "calculatedStatus") && e.Conversation.Status == conversation.StatusAfterCallWork {
						say("it is wrapped up")
					}
					return nil
				})
			},
			story: func() *genesystest.Story { return ended("c-1", "w-1", 6*time.Minute) },
			want:  []string{"it is wrapped up"},
		},
		"nobody has answered in time": {
			hook: func(hooks *events.Hooks, say say) {
				events.Define(hooks, "sla.missed", func(c *conversation.Conversation) (found []events.Fact[string]) {
					for _, l := range c.Legs() {
						if at := l.Began().Add(20 * time.Second); l.Side == conversation.QueueSide && (!l.Over || l.End.After(at)) {
							found = append(found, events.Fact[string]{Key: l.Session.ID, Time: at, Data: c.ID})
						}
					}
					return found
				})
				events.After(hooks, "sla", func(_ context.Context, e *events.Custom[string]) error {
					say("%s waits for 20 s", e.Data)
					return nil
				})
			},
			story: func() *genesystest.Story { return ended("c-1", "w-1", 6*time.Minute) },
			want:  []string{"c-1 waits for 20 s"},
		},
		"a transfer to another queue": {
			hook: func(hooks *events.Hooks, say say) {
				events.After(hooks, "elsewhere", func(_ context.Context, e *events.AgentTransferred) error {
					if e.To.Kind == events.TargetQueue && e.To.QueueID != "q-1" {
						say("%s sent it to %s", e.From.UserID, e.To.QueueID)
					}
					return nil
				})
			},
			story: genesystest.BlindTransferToQueue,
			want:  []string{"user-a sent it to q-2"},
		},
		"an event of one's own domain": {
			hook: func(hooks *events.Hooks, say say) {
				events.Define(hooks, "case.bounced", func(c *conversation.Conversation) (found []events.Fact[int]) {
					visits := 0
					for _, l := range c.Legs() {
						if l.Side == conversation.QueueSide {
							visits++
						}
					}
					if visits > 1 {
						found = append(found, events.Fact[int]{Data: visits})
					}
					return found
				})
				events.After(hooks, "bounced", func(_ context.Context, e *events.Custom[int]) error {
					say("%s was in %d queues", e.ConversationID, e.Data)
					return nil
				})
			},
			story: genesystest.BlindTransferToQueue,
			want:  []string{genesystest.BlindTransferToQueue().ID + " was in 2 queues"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			hooktest.OverEachForm(t, func(t *testing.T, form hooktest.Form) {
				hooks := events.NewHooks()
				var said []string
				test.hook(hooks, func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) })
				got := hooktest.Play(t, hooks, test.story(), form)
				require.Empty(t, got.Failed)
				for _, cannot := range test.without {
					if cannot == form.Name {
						require.Empty(t, said, "nothing is invented")
						return
					}
				}
				require.Equal(t, test.want, said)
			})
		})
	}
}
