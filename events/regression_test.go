package events_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// hear listens to messages in the given order and settles when asked.
func heard(t *testing.T, settleAfter int, messages ...string) []string {
	t.Helper()
	l := newListener()
	for i, m := range messages {
		l.hear(decode(t, [][]byte{[]byte(m)})...)
		if i == settleAfter {
			l.announce(true)
		}
	}
	l.announce(true)
	_, rest := l.said()
	return rest
}

// agent composes an agent's participant of the live API with one leg.
func agent(participant, session, leg string, more ...string) string {
	return fmt.Sprintf(`{"id":%q,"purpose":"agent","userId":"u","queueId":"q-1","calls":[{"id":%q,%s}]%s}`, participant, session, leg, strings.Join(more, ""))
}

func topic(participants ...string) string {
	return `{"topicName":"v2.users.u.conversations","version":"2","eventBody":{"id":"c","participants":[` + strings.Join(participants, ",") + `]}}`
}

const customerLeg = `{"id":"cust","purpose":"customer","calls":[{"id":"s-cust","state":"connected","connectedTime":"2025-01-10T09:00:00Z"}]}`

// A record may gather the sessions of one user in one participant. The end of
// that participant, which the live API states, is not the end of the others'.
func TestTheEndOfAParticipantEndsOnlyItsOwnLegs(t *testing.T) {
	first := agent("p1", "s1", `"state":"terminated","connectedTime":"2025-01-10T09:00:05Z","disconnectedTime":"2025-01-10T09:01:00Z","disconnectType":"transfer","afterCallWork":{"state":"complete"}`,
		`,"endTime":"2025-01-10T09:01:05Z"`)
	second := agent("p2", "s2", `"state":"connected","connectedTime":"2025-01-10T09:01:02Z"`)
	record := `{"conversationId":"c","conversationStart":"2025-01-10T09:00:00Z","participants":[{"participantId":"p1","purpose":"agent","userId":"u","sessions":[
		{"sessionId":"s1","mediaType":"voice","segments":[{"segmentType":"interact","segmentStart":"2025-01-10T09:00:05Z","segmentEnd":"2025-01-10T09:01:00Z","disconnectType":"transfer"}]},
		{"sessionId":"s2","mediaType":"voice","segments":[{"segmentType":"interact","segmentStart":"2025-01-10T09:01:02Z"}]}]}]}`
	for _, messages := range [][]string{{topic(first, second), record}, {record, topic(first, second)}} {
		l := newListener()
		for _, m := range messages {
			l.hear(decode(t, [][]byte{[]byte(m)})...)
		}
		l.announce(true)
		require.Equal(t, conversation.StatusActive, l.c.Status)
		_, rest := l.said()
		require.NotContains(t, rest, "ended")
	}
}

func TestAParticipantThatIsDoneMayComeBack(t *testing.T) {
	before := agent("p1", "s1", `"state":"terminated","connectedTime":"2025-01-10T09:00:05Z","disconnectedTime":"2025-01-10T09:01:00Z","disconnectType":"client"`, `,"endTime":"2025-01-10T09:01:00Z"`)
	after := strings.Replace(before, `"calls":[`, `"calls":[{"id":"s2","state":"connected","connectedTime":"2025-01-10T09:02:00Z"},`, 1)
	l := newListener()
	l.hear(decode(t, [][]byte{[]byte(topic(customerLeg, before)), []byte(topic(customerLeg, after))})...)
	require.Equal(t, conversation.StatusActive, l.c.Status)
}

// A media topic does not name the session. What was announced of such a leg is
// not announced again when its session becomes known.
func TestALegThatWasAnnouncedWithoutItsSessionIsNotAnnouncedAgain(t *testing.T) {
	s := genesystest.BlindTransferToQueue()
	end := 400 * time.Second
	restCall := s.MediaSnapshot("voice", end)
	restCall["selfUri"] = "/api/v2/conversations/calls/" + s.ID
	want := []string{"connected user-a", "connected user-b", "created", "disconnected user-b client 0", "ended", "transferred user-a blind queue q-2"}
	for name, messages := range map[string][]string{
		"media topic, record":    {string(s.MediaSnapshots()[len(s.MediaSnapshots())-1]), object(t, s.Record(genesystest.Final))},
		"media topic, topic":     {string(s.MediaSnapshots()[len(s.MediaSnapshots())-1]), string(s.Snapshots()[len(s.Snapshots())-1])},
		"media REST, record":     {object(t, restCall), object(t, s.Record(genesystest.Final))},
		"record, media REST":     {object(t, s.Record(genesystest.Final)), object(t, restCall)},
		"media REST, REST":       {object(t, restCall), object(t, s.REST(end))},
		"media topic, one event": {string(s.MediaSnapshots()[len(s.MediaSnapshots())-1]), string(s.Details()[4])},
	} {
		for settleAfter := range 2 {
			got := heard(t, settleAfter, messages...)
			slices.Sort(got)
			require.Equal(t, want, got, "%s, settled after %d", name, settleAfter)
		}
	}
}

func TestACommandOfAnEarlierStretchSaysNothingOfThisTransfer(t *testing.T) {
	s := genesystest.NewStory("c-stale")
	s.Transfers = []genesystest.TransferCommand{{At: 60 * time.Second, Complete: 61 * time.Second, ID: "t-1", Initiator: "user-a", User: "user-b", State: "complete"}}
	s.Customer("cust", 0).Ends(300*time.Second, "endpoint")
	s.Agent("a", time.Second, "user-a", "").Answer(5*time.Second).Ends(61*time.Second, "transfer").NoWrapUp()
	s.Agent("b", 61*time.Second, "user-b", "").Answer(65*time.Second).Ends(100*time.Second, "transfer").NoWrapUp()
	s.Agent("a2", 100*time.Second, "user-a", "").Answer(105*time.Second).Ends(200*time.Second, "transfer").NoWrapUp()
	s.Queue("acd", 200*time.Second+30*time.Millisecond, "q-7").Ends(300*time.Second, "peer")
	rnd := random(t)
	for range 20 {
		messages := s.Snapshots()
		l := newListener()
		l.hear(decode(t, messages)...)
		l.announce(true)
		_, rest := l.said()
		require.Contains(t, rest, "transferred user-a blind queue q-7")
		rnd.Shuffle(len(messages), func(i, j int) { messages[i], messages[j] = messages[j], messages[i] })
	}
}

// wrapup events name neither user nor purpose. When a record gathers their
// session in another participant, they tell of nobody new.
func TestAParticipantKnownOnlyByASessionThatIsGatheredElsewhereIsNobodyNew(t *testing.T) {
	record := `{"conversationId":"c","conversationStart":"2025-01-10T09:00:00Z","conversationEnd":"2025-01-10T09:05:00Z","participants":[{"participantId":"p1","purpose":"agent","userId":"u","sessions":[
		{"sessionId":"s1","mediaType":"message","segments":[{"segmentType":"interact","segmentStart":"2025-01-10T09:00:05Z","segmentEnd":"2025-01-10T09:01:00Z","disconnectType":"transfer"}]},
		{"sessionId":"s3","mediaType":"message","segments":[{"segmentType":"interact","segmentStart":"2025-01-10T09:03:02Z","segmentEnd":"2025-01-10T09:05:00Z","disconnectType":"client"}]}]}]}`
	wrapup := `{"topicName":"v2.detail.events.conversation.c.wrapup","eventBody":{"eventTime":1736499910000,"conversationId":"c","participantId":"p3","sessionId":"s3","wrapupCode":"w"}}`
	for _, messages := range [][]string{{record, wrapup}, {wrapup, record}} {
		l := newListener()
		for _, m := range messages {
			l.hear(decode(t, [][]byte{[]byte(m)})...)
		}
		l.announce(true)
		added, _ := l.said()
		require.Equal(t, 1, added)
	}
}

func TestALegThatWasSeenConnectedWasAnswered(t *testing.T) {
	connected := agent("p1", "s1", `"state":"connected"`, `,"connectedTime":"2025-01-10T09:00:05Z"`)
	over := agent("p1", "s1", `"state":"terminated","disconnectedTime":"2025-01-10T09:01:00Z","disconnectType":"client"`, `,"connectedTime":"2025-01-10T09:00:05Z"`)
	for _, messages := range [][]string{{topic(connected), topic(over)}, {topic(over), topic(connected)}} {
		require.ElementsMatch(t, []string{"created", "connected u", "disconnected u client 0", "ended"}, heard(t, -1, messages...))
	}
}

func TestTheTimeOfTheAnswerWithoutAlertingDuration(t *testing.T) {
	event := func(name string, at int, more string) string {
		return fmt.Sprintf(`{"topicName":"v2.detail.events.conversation.c.%s","eventBody":{"eventTime":%d,"conversationId":"c","participantId":"p","sessionId":"s","userId":"u"%s}}`, name, 1736499600000+at*1000, more)
	}
	l := newListener()
	l.hear(decode(t, [][]byte{[]byte(event("user.start", 1, "")), []byte(event("user.end", 65, `,"interactingDurationMs":60000,"disconnectType":"CLIENT"`))})...)
	_, s := l.c.Session("s")
	require.Equal(t, "09:00:05", s.ConnectedTime.Format(time.TimeOnly))
}

func TestTalkProvesAnAnswer(t *testing.T) {
	record := `{"conversationId":"c","conversationStart":"2025-01-10T09:00:00Z","conversationEnd":"2025-01-10T09:02:00Z","participants":[{"participantId":"p","purpose":"agent","userId":"u",
		"sessions":[{"sessionId":"s","mediaType":"voice","metrics":[{"name":"tTalk","emitDate":"2025-01-10T09:01:05Z","value":60000}]}]}]}`
	l := newListener()
	l.hear(decode(t, [][]byte{[]byte(record)})...)
	_, s := l.c.Session("s")
	require.Equal(t, "09:00:05", s.ConnectedTime.Format(time.TimeOnly))
	l.announce(true)
	_, rest := l.said()
	require.Contains(t, rest, "connected u")
}

func TestAMediumThatIsOverIsNotTheParticipantsEnd(t *testing.T) {
	call := `{"topicName":"v2.users.u.conversations.calls","eventBody":{"id":"c","participants":[{"id":"p","purpose":"agent","user":{"id":"u"},"state":"terminated",
		"connectedTime":"2025-01-10T09:01:00Z","endTime":"2025-01-10T09:02:00Z","disconnectType":"peer"}]}}`
	callback := `{"topicName":"v2.users.u.conversations","eventBody":{"id":"c","participants":[{"id":"p","purpose":"agent","userId":"u",
		"callbacks":[{"id":"s-cb","state":"connected","connectedTime":"2025-01-10T09:00:00Z"}]}]}}`
	for _, messages := range [][]string{{call, callback}, {callback, call}} {
		l := newListener()
		for _, m := range messages {
			l.hear(decode(t, [][]byte{[]byte(m)})...)
		}
		require.Equal(t, conversation.StatusActive, l.c.Status)
	}
}

// Detail events do not say whether a wrap-up is owed; in a conversation that
// went through a queue it is taken to be.
func TestDetailEventsOfADirectTransferDoNotInventAnEnd(t *testing.T) {
	s := genesystest.NewStory("c-direct")
	s.Customer("cust", 0).Ends(100*time.Second, "endpoint")
	acd := s.Queue("acd", time.Second, "q-1")
	a := s.Agent("a", 2*time.Second, "user-a", "q-1").Answer(5*time.Second).Ends(50*time.Second, "transfer").WrapUp(55*time.Second, "w")
	acd.AnsweredBy(a, 10*time.Millisecond)
	b := s.Agent("b", 50*time.Second, "user-b", "").Answer(55*time.Second).Ends(100*time.Second, "peer").WrapUp(120*time.Second, "w")
	messages := s.Details()
	l := newListener()
	l.hear(decode(t, messages[:len(messages)-2])...)
	l.announce(true)
	_, rest := l.said()
	require.NotContains(t, rest, "ended")
	l.hear(decode(t, messages)...)
	l.announce(true)
	_, rest = l.said()
	require.Contains(t, rest, "ended")
	require.Equal(t, b.WrapEnd, l.c.End.Sub(s.Start))
}

func TestATransferToANumberNamesItWhereverItStands(t *testing.T) {
	record := `{"conversationId":"c","conversationStart":"2025-01-10T09:00:00Z","conversationEnd":"2025-01-10T09:05:00Z","participants":[
		{"participantId":"p","purpose":"agent","userId":"u","sessions":[{"sessionId":"s","mediaType":"voice","destinationAddresses":["tel:+4930123456"],"segments":[
			{"segmentType":"interact","segmentStart":"2025-01-10T09:00:05Z","segmentEnd":"2025-01-10T09:01:00Z","disconnectType":"transfer"}]}]},
		{"participantId":"out","purpose":"external","sessions":[{"sessionId":"s-out","mediaType":"voice","segments":[
			{"segmentType":"interact","segmentStart":"2025-01-10T09:01:00.1Z","segmentEnd":"2025-01-10T09:05:00Z","disconnectType":"endpoint"}]}]}]}`
	require.Contains(t, heard(t, -1, record), "transferred u blind address tel:+4930123456")
}

// What begins with a transfer, or was there to take over, is its target, whoever
// joins later.
func TestATransferDoesNotGoToWhoJoinsLater(t *testing.T) {
	participant := func(purpose, id, fields string, segments ...string) string {
		return fmt.Sprintf(`{"participantId":"p-%[1]s","purpose":%[2]q,"userId":"user-%[1]s","sessions":[{"sessionId":"s-%[1]s",%[3]s"segments":[%[4]s]}]}`,
			id, purpose, fields, strings.Join(segments, ","))
	}
	segment := func(kind, from, to, how string) string {
		return fmt.Sprintf(`{"segmentType":%q,"segmentStart":"2025-01-10T09:%sZ","segmentEnd":"2025-01-10T09:%sZ"%s}`, kind, from, to, how)
	}
	const transfer, peer = `,"disconnectType":"transfer"`, `,"disconnectType":"peer"`
	outside := func(fields string) string {
		return strings.Replace(participant("external", "out", `"direction":"outbound",`+fields, segment("interact", "02:00.02", "04:50", peer)), `"userId":"user-out",`, "", 1)
	}
	for _, media := range []string{"voice", "message", "email", "chat"} {
		medium := fmt.Sprintf(`"mediaType":%q,`, media)
		for target, joined := range map[string]string{
			"agent user-b":            participant("user", "b", medium, segment("alert", "01:30", "01:40", ""), segment("interact", "01:40", "04:50", peer)), // accepted first
			"agent user-r":            participant("user", "r", medium, segment("alert", "01:50", "02:10", `,"disconnectType":"system"`)),                    // did not answer
			"agent user-n":            participant("user", "n", medium, segment("alert", "02:00.02", "02:05", ""), segment("interact", "02:05", "04:50", peer)),
			"address tel:+4930123456": outside(medium + `"dnis":"tel:+4930123456",`),
			"address ":                outside(medium),
		} {
			record := `{"conversationId":"c","conversationStart":"2025-01-10T09:00:00Z","conversationEnd":"2025-01-10T09:10:00Z","participants":[` + strings.Join([]string{
				participant("agent", "a", medium, segment("interact", "00:10", "02:00", transfer)), joined,
				participant("user", "d", medium, segment("alert", "05:00", "05:05", ""), segment("interact", "05:05", "10:00", peer))}, ",") + `]}`
			require.Contains(t, heard(t, -1, record), "transferred user-a blind "+target, media)
		}
	}
}

// Detail events do not tell who listens in from an agent.
func TestWhoListensInIsNoTargetWhereThereIsAnother(t *testing.T) {
	for target, goes := range map[string]func(s *genesystest.Story){
		"address tel:+4930123456": func(s *genesystest.Story) {
			out := s.External("out", 60*time.Second+50*time.Millisecond).Ends(120*time.Second, "endpoint")
			out.Address, out.Direction = "tel:+4930123456", "outbound"
		},
		"queue q-2": func(s *genesystest.Story) {
			s.Queue("acd2", 60*time.Second+30*time.Millisecond, "q-2").Ends(120*time.Second, "peer")
		},
		"agent user-b": func(s *genesystest.Story) {
			s.User("b", 60*time.Second+30*time.Millisecond, "user-b").Answer(70*time.Second).Ends(120*time.Second, "peer")
		},
	} {
		s := genesystest.NewStory("c-listens")
		customer := s.Customer("cust", 0)
		customer.Ends(120*time.Second, "endpoint")
		a := s.Agent("a", time.Second, "user-a", "q-1").Answer(5*time.Second).Ends(60*time.Second, "transfer").WrapUp(70*time.Second, "w")
		s.User("m", 30*time.Second, "user-m").AutoAnswer().Ends(90*time.Second, "client").NoWrapUp().Supervises = a.Participant
		goes(s)
		l := newListener()
		for _, e := range s.Details() {
			l.hear(decode(t, [][]byte{e})...)
			if _, leg := l.c.Session("s-a"); leg != nil && !leg.DisconnectedTime.IsZero() && l.c.Start.Add(60*time.Second).Before(lastBegin(l.c)) {
				break // the transfer and its target are known, and nothing that comes later
			}
		}
		l.announce(true)
		_, rest := l.said()
		require.Contains(t, rest, "transferred user-a blind "+target)
	}
}

// An agent consults somebody, gives up while it rings there, and transfers to somebody
// else, whose leg comes later: who rings has not been transferred to for sure.
func TestWhoRingsWhenATransferBeginsIsNoSureTarget(t *testing.T) {
	const alerting = `{"id":"p-%[1]s","purpose":"user","userId":"user-%[1]s","calls":[{"id":"s-%[1]s","state":"alerting","startAlertingTime":"2025-01-10T09:%[2]sZ"}]}`
	rings, next := fmt.Sprintf(alerting, "b", "00:40"), fmt.Sprintf(alerting, "c", "01:00.05")
	rest := func(participants ...string) string {
		return `{"id":"c","startTime":"2025-01-10T09:00:00Z","selfUri":"/api/v2/conversations/c","participants":[` + strings.Join(participants, ",") + `]}`
	}
	for form, snapshot := range map[string]func(...string) string{"topic": topic, "REST": rest} {
		for how, kind := range map[string]string{"transfer": "blind", "transfer.consult": "consult"} {
			a := agent("p", "s", fmt.Sprintf(`"state":"terminated","connectedTime":"2025-01-10T09:00:05Z","disconnectedTime":"2025-01-10T09:01:00Z","disconnectType":%q`, how))
			gaveUp, goesOn := snapshot(customerLeg, a, rings), snapshot(customerLeg, a, rings, next)
			for _, order := range permutations([]string{gaveUp, goesOn}) {
				require.Contains(t, heard(t, -1, order...), "transferred u "+kind+" agent user-c", "%s, %s", form, order)
			}
			require.Contains(t, heard(t, -1, gaveUp), "transferred u "+kind+" agent user-b", "%s, where nobody else comes", form)
		}
	}
}

// Detail events show a supervisor who listens in as an agent.
func TestWhoListensInDoesNotRemainWhereTheCommandNamesSomebodyElse(t *testing.T) {
	fact := func(event string, at int, more string) string {
		return fmt.Sprintf(`{"topicName":"v2.detail.events.conversation.c.%s","eventBody":{"eventTime":%d,"conversationId":"c","mediaType":"VOICE",%s}}`, event, 1736499600000+at*1000, more)
	}
	for destination, remaining := range map[string]int{`"userId":"user-c"`: 0, `"userId":"user-m"`: 1, `"address":"tel:+4930123456"`: 1} {
		commanded := strings.Replace(topic(customerLeg, agent("p", "s", `"state":"connected","connectedTime":"2025-01-10T09:00:05Z"`)), `"participants":`,
			`"recentTransfers":[{"id":"t","state":"pending","dateIssued":"2025-01-10T09:00:59Z","transferType":"unattended","initiator":{"userId":"u"},"destination":{`+destination+`}}],"participants":`, 1)
		messages := []string{commanded,
			fact("user.start", 30, `"participantId":"p-m","sessionId":"s-m","userId":"user-m"`),
			fact("user.end", 60, `"participantId":"p","sessionId":"s","userId":"u","disconnectType":"TRANSFER"`)}
		for _, order := range permutations(messages) {
			l := newListener()
			for _, m := range order {
				l.hear(decode(t, [][]byte{[]byte(m)})...)
			}
			l.announce(true)
			require.Contains(t, l.further(), fmt.Sprintf("left u transferred %d", remaining), "%s, %s", destination, order)
		}
	}
}

// The number may ring for long, and neither snapshots nor every record say since
// when.
func TestATransferToANumberIsKnownBeforeAndAfterSomebodyAnswers(t *testing.T) {
	const number = "tel:+4930123456"
	a := agent("p", "s", `"state":"terminated","connectedTime":"2025-01-10T09:00:05Z","disconnectedTime":"2025-01-10T09:01:00Z","disconnectType":"transfer"`)
	called := func(leg string) string {
		return topic(customerLeg, a, fmt.Sprintf(`{"id":"out","purpose":"external","address":%q,"calls":[{"id":"s-out","direction":"outbound",%s}]}`, number, leg))
	}
	const later = `{"id":"p2","purpose":"user","userId":"user-d","calls":[{"id":"s2","state":"connected","connectedTime":"2025-01-10T09:05:00Z"}]}`
	const consulted = `{"id":"out","purpose":"external","address":"tel:+4930123456","calls":[{"id":"s-out","direction":"outbound","state":"connected","connectedTime":"2025-01-10T09:06:00Z"}]}`
	require.Contains(t, heard(t, -1, topic(customerLeg, a, later, consulted)), "transferred u blind agent user-d", "who is consulted later is no target")
	ringing := called(`"state":"dialing"`)
	answered := called(`"state":"connected","connectedTime":"2025-01-10T09:01:20Z"`)
	unanswered := called(`"state":"disconnected","disconnectedTime":"2025-01-10T09:01:30Z","disconnectType":"system"`)
	record := fmt.Sprintf(`{"conversationId":"c","conversationStart":"2025-01-10T09:00:00Z","participants":[
		{"participantId":"p","purpose":"agent","userId":"u","sessions":[{"sessionId":"s","mediaType":"voice","segments":[
			{"segmentType":"interact","segmentStart":"2025-01-10T09:00:05Z","segmentEnd":"2025-01-10T09:01:00Z","disconnectType":"transfer"}]}]},
		{"participantId":"out","purpose":"external","sessions":[{"sessionId":"s-out","mediaType":"voice","direction":"outbound","dnis":%q,"segments":[
			{"segmentType":"interact","segmentStart":"2025-01-10T09:01:20Z"}]}]}]}`, number)
	for _, messages := range [][]string{{ringing}, {answered}, {unanswered}, {record}, {ringing, answered}, {ringing, unanswered}, {answered, record},
		{answered, topic(later)}, {record, topic(later)}} {
		for _, order := range permutations(messages) {
			require.Contains(t, heard(t, len(order), order...), "transferred u blind address "+number, order)
		}
	}
}

func TestListeningInIsNoAnswerHoweverItIsTold(t *testing.T) {
	for _, kind := range []string{"monitoring", "coaching", "barging"} {
		record := fmt.Sprintf(`{"conversationId":"c","conversationStart":"2025-01-10T09:00:00Z","participants":[{"participantId":"p","purpose":"user","userId":"u",
			"sessions":[{"sessionId":"s","mediaType":"voice","segments":[{"segmentType":%q,"segmentStart":"2025-01-10T09:00:05Z"}]}]}]}`, kind)
		l := newListener()
		l.hear(decode(t, [][]byte{[]byte(record)})...)
		require.Equal(t, conversation.StatusNew, l.c.Status, kind)
		_, rest := l.said()
		require.Equal(t, []string{"created"}, rest, kind)
	}
}

func TestEveryEventHasATimeWhereAMessageMentionsOne(t *testing.T) {
	l := newListener()
	l.hear(decode(t, [][]byte{[]byte(`{"id":"e","conversation":{"id":"c"},"evaluationForm":{"id":"f"},"status":"FINISHED","changedDate":"2025-01-12T08:15:00Z"}`)})...)
	require.Len(t, l.heard, 1)
	require.Equal(t, "2025-01-12", l.heard[0].Head().Time.Format(time.DateOnly))
}

// A release may be scheduled weeks ahead.
func TestAScheduledReleaseIsNoTimeOfAnEvent(t *testing.T) {
	l := newListener()
	l.hear(decode(t, [][]byte{[]byte(`{"id":"e","conversation":{"id":"c"},"evaluationForm":{"id":"f"},"status":"FINISHED","changedDate":"2025-01-12T08:15:00Z","releaseDate":"2025-02-20T08:00:00Z"}`)})...)
	l.announce(true)
	_, rest := l.said()
	require.Equal(t, []string{"created"}, rest)
	require.Equal(t, time.Date(2025, 1, 12, 8, 15, 0, 0, time.UTC), l.heard[0].Head().Time)
	require.Equal(t, time.Date(2025, 2, 20, 8, 0, 0, 0, time.UTC), l.heard[1].Head().NotBefore(), "that it is released is told then")
}

// TestMidwayRecordsAndSettlesDisturbNothing tells every scenario with records
// of any age in between, and settles at any moment. (A settle in the very
// moment of a transfer finds no target and everybody still there.)
func TestMidwayRecordsAndSettlesDisturbNothing(t *testing.T) {
	rnd := random(t)
	for _, s := range genesystest.Scenarios() {
		if len(s.Live) > 0 {
			continue // what a re-opening shows depends on when one listens
		}
		t.Run(s.Name, func(t *testing.T) {
			for range *rounds {
				story := s.Story()
				live := [][][]byte{story.Snapshots(), story.Bodies(), story.MediaSnapshots()}[rnd.IntN(3)]
				messages := interleave(rnd, live, story.Records())
				l := newListener()
				for _, c := range decode(t, messages) {
					l.hear(c)
					if rnd.IntN(4) == 0 {
						l.announce(true)
					}
				}
				l.announce(true)
				added, rest := l.said()
				require.Equal(t, withoutDetails(s.Want), withoutDetails(rest))
				require.Equal(t, s.Added, added)
			}
		})
	}
}

// withoutDetails keeps what happened to whom.
func withoutDetails(said []string) []string {
	var short []string
	for _, s := range said {
		short = append(short, strings.Join(strings.Fields(s)[:min(2, len(strings.Fields(s)))], " "))
	}
	slices.Sort(short)
	return short
}

// interleave keeps the order within each list.
func interleave(rnd *rand.Rand, lists ...[][]byte) [][]byte {
	var all [][]byte
	for {
		var open []int
		for i, l := range lists {
			if len(l) > 0 {
				open = append(open, i)
			}
		}
		if len(open) == 0 {
			return all
		}
		i := open[rnd.IntN(len(open))]
		all, lists[i] = append(all, lists[i][0]), lists[i][1:]
	}
}

// Detail events of voice show who listens in as an agent. The metric of the
// watching, which is emitted when it ends, says that it was none.
func TestAMetricTellsWhoListensInFromAnAgent(t *testing.T) {
	fact := func(event, more string) string {
		return `{"topicName":"v2.detail.events.conversation.c.` + event + `","eventBody":{"eventTime":1736499660000,"conversationId":"c","mediaType":"VOICE",` + more + `}}`
	}
	messages := []string{
		fact("customer.start", `"participantId":"cust","sessionId":"s-cust"`),
		fact("user.start", `"participantId":"m","sessionId":"s-m","userId":"user-m"`),
		fact("user.end", `"participantId":"m","sessionId":"s-m","userId":"user-m","interactingDurationMs":60000,"disconnectType":"CLIENT"`),
		`{"topicName":"v2.analytics.conversation.c.metrics","eventBody":{"metric":"tMonitoring","metricDate":"2025-01-10T09:01:00Z","conversationId":"c","sessionId":"s-m","value":60000}}`,
	}
	require.Equal(t, []string{"created", "connected user-m", "disconnected user-m client 0"}, heard(t, len(messages), messages[:3]...))
	for _, order := range permutations(messages) {
		require.Equal(t, []string{"created"}, heard(t, len(order), order...), order)
	}
}

// A record that was read during a consult may gather the consult's legs in the
// participants in which both agents were before; whether a consult was open, the
// live API says of the participants of these legs.
func TestAConsultIsToldOfItsLegsWhereverARecordGathersThem(t *testing.T) {
	person := func(participant, user, session, connected, end, how, more string) string {
		leg := `"state":"connected"`
		if end != "" {
			leg = fmt.Sprintf(`"state":"terminated","disconnectedTime":"2025-01-10T09:%sZ","disconnectType":%q`, end, how)
			more += fmt.Sprintf(`,"endTime":"2025-01-10T09:%sZ"`, end)
		}
		return fmt.Sprintf(`{"id":%q,"purpose":"user","userId":%q,"calls":[{"id":%q,"connectedTime":"2025-01-10T09:%sZ",%s}]%s}`, participant, user, session, connected, leg, more)
	}
	segment := func(session, from, to, how string) string {
		end := ""
		if to != "" {
			end = fmt.Sprintf(`,"segmentEnd":"2025-01-10T09:%sZ","disconnectType":%q`, to, how)
		}
		return fmt.Sprintf(`{"sessionId":%q,"mediaType":"voice","segments":[{"segmentType":"interact","segmentStart":"2025-01-10T09:%sZ"%s}]}`, session, from, end)
	}
	before := []string{customerLeg, person("p1", "user-a", "s1", "00:05", "01:00", "transfer", ""), person("p2", "user-b", "s2", "01:02", "02:00", "transfer", "")}
	const consults = `,"consultParticipantId":"cust"`
	for _, consult := range []string{consults, consults + `,"attributes":{"consultInitiator":"true"}`} {
		during := topic(append(before[:3:3], person("p3", "user-a", "s3", "02:02", "", "", consult), person("p4", "user-b", "s4", "03:00", "", "", consults))...)
		after := topic(append(before[:3:3], person("p3", "user-a", "s3", "02:02", "04:00", "transfer", consult), person("p4", "user-b", "s4", "03:00", "", "", consults))...)
		record := `{"conversationId":"c","conversationStart":"2025-01-10T09:00:00Z","participants":[
			{"participantId":"p1","purpose":"user","userId":"user-a","sessions":[` + segment("s1", "00:05", "01:00", "transfer") + `,` + segment("s3", "02:02", "", "") + `]},
			{"participantId":"p2","purpose":"user","userId":"user-b","sessions":[` + segment("s2", "01:02", "02:00", "transfer") + `,` + segment("s4", "03:00", "", "") + `]}]}`
		for _, order := range permutations([]string{during, after, record}) {
			require.Contains(t, heard(t, len(order), order...), "transferred user-a consult agent user-b", consult)
		}
	}
}

// permutations are all orders of a few messages.
func permutations(messages []string) [][]string {
	if len(messages) == 0 {
		return [][]string{nil}
	}
	var all [][]string
	for i, first := range messages {
		for _, others := range permutations(slices.Delete(slices.Clone(messages), i, i+1)) {
			all = append(all, append([]string{first}, others...))
		}
	}
	return all
}

// lastBegin is when the last leg began.
func lastBegin(c *conversation.Conversation) (last time.Time) {
	for _, l := range c.Legs() {
		if l.Start.After(last) {
			last = l.Start
		}
	}
	return last
}

func TestACommandThatCameToNothingNamesNoTargetWhereALegShowsOne(t *testing.T) {
	for _, state := range []string{"canceled", "failed", "timeout"} {
		a := agent("p", "s", `"state":"terminated","connectedTime":"2025-01-10T09:00:05Z","disconnectedTime":"2025-01-10T09:01:00Z","disconnectType":"transfer"`)
		const c = `{"id":"p2","purpose":"agent","userId":"user-c","calls":[{"id":"s2","state":"connected","connectedTime":"2025-01-10T09:01:00.1Z"}]}`
		m := strings.Replace(topic(customerLeg, a, c), `"participants":`, `"recentTransfers":[{"id":"t","state":"`+state+`","dateIssued":"2025-01-10T09:00:30Z","transferType":"attended","initiator":{"userId":"u"},"destination":{"userId":"user-b"}}],"participants":`, 1)
		require.Contains(t, heard(t, -1, m), "transferred u blind agent user-c", state)
	}
}

func TestNobodyLeavesBeforeHeCame(t *testing.T) {
	fact := func(event string, ms int, leg string) string {
		return fmt.Sprintf(`{"topicName":"v2.detail.events.conversation.c.%s","eventBody":{"eventTime":%d,"conversationId":"c","mediaType":"EMAIL",%s}}`, event, 1736499600000+ms, leg)
	}
	const u = `"participantId":"p","sessionId":"s","userId":"u"`
	for name, messages := range map[string][]string{
		"a pair the wrong way round": {fact("user.start", 100_200, u), fact("user.end", 100_000, u+`,"disconnectType":"CLIENT","interactingDurationMs":60000`)},
		"the queue's word is later": {fact("user.start", 90_000, u), fact("user.end", 100_490, u+`,"disconnectType":"CLIENT"`),
			fact("acd.end", 100_500, `"participantId":"q","sessionId":"sq","acdOutcome":"ANSWERED","answeredUserId":"u"`)},
	} {
		rest := heard(t, len(messages), messages...)
		came, left := slices.Index(rest, "connected u"), slices.Index(rest, "disconnected u client 0")
		require.True(t, came >= 0 && came < left, "%s: %v", name, rest)
	}
}

func TestAFailedCommandToANumberIsNoSureTarget(t *testing.T) {
	a := agent("p", "s", `"state":"terminated","connectedTime":"2025-01-10T09:00:05Z","disconnectedTime":"2025-01-10T09:01:00Z","disconnectType":"transfer"`)
	const c = `{"id":"p2","purpose":"agent","userId":"user-c","calls":[{"id":"s2","state":"connected","connectedTime":"2025-01-10T09:01:00.1Z"}]}`
	failed := func(m string) string {
		return strings.Replace(m, `"participants":`, `"recentTransfers":[{"id":"t","state":"failed","dateIssued":"2025-01-10T09:00:30Z","transferType":"unattended","initiator":{"userId":"u"},"destination":{"address":"tel:+4930123456"}}],"participants":`, 1)
	}
	require.Contains(t, heard(t, -1, failed(topic(customerLeg, a)), failed(topic(customerLeg, a, c))), "transferred u blind agent user-c")
}

// TestWhoIsThereWasAddedAndWhatIsUnansweredHasRung, whatever the order of the times of a
// leg that is told the wrong way round.
func TestWhoIsThereWasAddedAndWhatIsUnansweredHasRung(t *testing.T) {
	fact := func(event string, ms int, more string) []byte {
		return fmt.Appendf(nil, `{"topicName":"v2.detail.events.conversation.c.%s","eventBody":{"eventTime":%d,"conversationId":"c","mediaType":"EMAIL","participantId":"p","sessionId":"s","userId":"u"%s}}`, event, 1736499600000+ms, more)
	}
	for more, pair := range map[string][2]events.Type{
		`,"disconnectType":"CLIENT","interactingDurationMs":60000`: {events.TypeParticipantAdded, events.TypeAgentConnected},
		`,"disconnectType":"SYSTEM","alertingDurationMs":8000`:     {events.TypeAgentAlerted, events.TypeAgentUnanswered},
	} {
		var c *conversation.Conversation
		for _, part := range decode(t, [][]byte{fact("user.start", 100_200, ""), fact("user.end", 100_000, more)}) {
			c = conversation.Merge(c, part)
		}
		at := map[events.Type]int{}
		for i, e := range events.Derive(c) {
			at[e.Head().Type] = i + 1
		}
		require.NotZero(t, at[pair[0]], pair)
		require.Less(t, at[pair[0]], at[pair[1]], pair)
	}
}
