package hooktest_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/events/hooktest"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/recording"
	"github.com/dcmkit/convtrack/store/memstore"
)

// toldOf is everything that a story says over a form, decoded.
func toldOf(t *testing.T, s *genesystest.Story, messages [][]byte) (all []recording.Heard) {
	t.Helper()
	for i, data := range messages {
		at := s.Start.Add(time.Duration(i) * time.Second)
		m, err := genesys.Decode(data, at)
		require.NoError(t, err)
		all = append(all, recording.Heard{At: at, Conversations: m.Conversations})
	}
	return all
}

func record(t *testing.T, key string, heard []recording.Heard) []byte {
	t.Helper()
	var file bytes.Buffer
	r, err := recording.New(&file, []byte(key))
	require.NoError(t, err)
	for _, h := range heard {
		require.NoError(t, r.Record(h.At, conversation.Update{Conversations: h.Conversations}))
	}
	return file.Bytes()
}

const key = "0123456789abcdef"

// Nothing of the original is in a recording: not as it is, and not in what is
// encoded in it. Every text of every scenario over every channel is looked for.
func TestNoTextOfAnyScenarioIsInItsRecording(t *testing.T) {
	word := regexp.MustCompile(`"([^"\\]*)"\s*:\s*"((?:[^"\\]|\\.)*)"`)
	encoded := regexp.MustCompile(`"provenance":"([^"]*)"`)
	metric := regexp.MustCompile(`^[not][A-Z]\w+$`)
	looked := 0
	for _, scenario := range genesystest.Scenarios() {
		s := scenario.Story()
		for _, messages := range [][][]byte{s.Snapshots(), s.Details(), s.Records(), s.Bodies(), s.MediaSnapshots()} {
			heard := toldOf(t, s, messages)
			file := string(record(t, key, heard))
			for _, m := range encoded.FindAllStringSubmatch(file, -1) {
				bits, err := base64.StdEncoding.DecodeString(m[1])
				require.NoError(t, err)
				file += "\n" + string(bits)
			}
			seen := map[string]bool{"sip:anonymous@anonymous.invalid": true} // whose it is, nobody knows
			for _, h := range heard {
				for _, c := range h.Conversations {
					original, err := conversation.Encode(c)
					require.NoError(t, err)
					for _, m := range word.FindAllStringSubmatch(string(original), -1) {
						name, text := m[1], m[2]
						if seen[text] {
							continue
						}
						seen[text] = true
						if _, err := time.Parse(time.RFC3339Nano, text); err == nil || len(text) < 4 || kept[name] || name == "consultInitiator" && text == "true" || name == "name" && metric.MatchString(text) {
							continue
						}
						looked++
						require.NotContains(t, file, `"`+text+`"`, "%s of %s", name, scenario.Name)
						if strings.ContainsAny(text, "0123456789@ ") {
							require.NotContains(t, file, text, "%s of %s", name, scenario.Name)
						}
					}
				}
			}
		}
	}
	require.Greater(t, looked, 5_000)
}

// kept are the fields that may stay as they are. The list is written here again,
// so that nobody adds a field without being asked whether it is harmless.
var kept = map[string]bool{"calculatedStatus": true, "originatingDirection": true, "conversationInitiator": true, "initiatedBy": true, "recordingState": true,
	"purpose": true, "mediaType": true, "messageType": true, "direction": true, "state": true, "disconnectType": true, "segmentType": true,
	"acdOutcome": true, "usedRouting": true, "afterCallWorkState": true, "flowType": true, "flowEntryType": true, "flowTransferType": true,
	"flowInType": true, "flowOutType": true, "flowOutcomeValue": true, "flowStartingLanguage": true, "flowEndingLanguage": true,
	"evaluationStatus": true, "surveyStatus": true, "surveyType": true, "transferType": true, "wrapupPrompt": true, "provenance": true}

// A recording gives the same events, to the same people, as what was recorded.
func TestAReplayGivesTheEventsOfTheOriginal(t *testing.T) {
	for _, scenario := range genesystest.Scenarios() {
		s := scenario.Story()
		hooks := events.NewHooks()
		events.After(hooks, "all", func(context.Context, events.Event) error { return nil })
		heard := toldOf(t, s, s.Snapshots())
		var want, got []string
		var original *conversation.Conversation
		for _, h := range heard {
			for _, c := range h.Conversations {
				original = conversation.Merge(original, c)
			}
		}
		for _, e := range events.Unannounced(original, hooks.Wants(), func(string) bool { return false }) {
			want = append(want, string(e.Head().Type)+" "+e.Head().Time.String())
		}
		var joined *conversation.Conversation
		lines, err := recording.Read(bytes.NewReader(record(t, key, heard)))
		require.NoError(t, err)
		for _, h := range lines {
			for _, c := range h.Conversations {
				joined = conversation.Merge(joined, c)
			}
		}
		for _, e := range events.Unannounced(joined, hooks.Wants(), func(string) bool { return false }) {
			got = append(got, string(e.Head().Type)+" "+e.Head().Time.String())
		}
		require.ElementsMatch(t, want, got, scenario.Name)
		require.Equal(t, original.Status, joined.Status, scenario.Name)
		require.Len(t, joined.PresentUsers(), len(original.PresentUsers()), scenario.Name)
	}
}

func TestTheSamePersonHasTheSamePseudonymInAnySpellingAndOnlyWithTheSameKey(t *testing.T) {
	from := func(key, address string) string {
		said := conversation.State(&conversation.Conversation{ID: "c", OriginatingDirection: conversation.Inbound, Participants: []*conversation.Participant{
			{ID: "p", Purpose: conversation.PurposeCustomer, Address: address}}}, conversation.Statement{By: conversation.SourceTopic, Seen: time.Now()})
		lines, err := recording.Read(bytes.NewReader(record(t, key, []recording.Heard{{At: time.Now(), Conversations: []*conversation.Conversation{said}}})))
		require.NoError(t, err)
		customer, known := lines[0].Conversations[0].Customer()
		require.True(t, known)
		return fmt.Sprint(customer.Address, customer.Withheld)
	}
	one := from(key, "tel:+31612345678")
	require.Regexp(t, `^\+999\d{12}false$`, one)
	require.Equal(t, one, from(key, "sip:+31-6-12345678@example.com;user=phone"))
	require.NotEqual(t, one, from(key, "+31612345679"))
	require.NotEqual(t, one, from("another key of bytes", "+31612345678"))
	require.Equal(t, "true", from(key, "sip:anonymous@anonymous.invalid"), "who hides the number still does")
	require.Regexp(t, `^x[0-9a-f]{24}@example\.comfalse$`, from(key, "mailto:Someone@example.org"))
}

// A recording of a production system is a test.
func TestARecordingIsPlayedToHooks(t *testing.T) {
	s := genesystest.BlindTransferToQueue()
	file := record(t, key, toldOf(t, s, s.Snapshots()))
	hooks := events.NewHooks()
	var agents []string
	events.After(hooks, "case-owner", func(_ context.Context, e *events.AgentConnected) error {
		agents = append(agents, e.UserID)
		return nil
	})
	got := hooktest.Replay(t, hooks, bytes.NewReader(file))
	require.Len(t, got, 1)
	require.Empty(t, got[0].Failed)
	require.Equal(t, conversation.StatusEnded, got[0].Conversation.Status)
	require.Len(t, agents, 2)
	require.NotEqual(t, agents[0], agents[1])
}

func TestARecordingIsPlayedToAllHooksOnAStore(t *testing.T) {
	s := genesystest.BlindTransferToQueue()
	file := record(t, key, toldOf(t, s, s.Snapshots()))
	hooks := events.NewHooks()
	var told []events.Type
	events.After(hooks, "slow", func(_ context.Context, e events.Event) error {
		time.Sleep(20 * time.Millisecond)
		told = append(told, e.Head().Type)
		return nil
	})
	got := hooktest.Replay(t, hooks, bytes.NewReader(file), hooktest.On(memstore.New()))
	require.Equal(t, got[0].Types(), told)
}

func TestWhatASourceHasMergedLeaksNothingInARecording(t *testing.T) {
	at := time.Date(2026, 1, 10, 9, 0, 0, 0, time.UTC)
	said := func(after time.Duration, code, note string) *conversation.Conversation {
		return conversation.State(&conversation.Conversation{ID: "c", Participants: []*conversation.Participant{{ID: "p", Purpose: conversation.PurposeAgent,
			Sessions: []*conversation.Session{{ID: "s", MediaType: conversation.MediaVoice, WrapUpCode: code, WrapUpNote: note}}}},
			Evaluations: []*conversation.Evaluation{{ID: "e", Status: conversation.EvaluationPending, EvaluatorID: "evaluator of " + code, ChangedDate: at.Add(after)}}},
			conversation.Statement{By: conversation.SourceTopic, Seen: at.Add(after)})
	}
	merged := conversation.Merge(said(0, "w-1", "Ada Muster 0170"), said(time.Second, "w-2", "")) // as notifications' inbox does
	file := string(record(t, key, []recording.Heard{{At: at, Conversations: []*conversation.Conversation{merged}}}))
	all := regexp.MustCompile(`"provenance":"([^"]*)"`).FindAllStringSubmatch(file, -1)
	require.NotEmpty(t, all)
	for _, m := range all {
		bits, err := base64.StdEncoding.DecodeString(m[1])
		require.NoError(t, err)
		require.NotContains(t, string(bits), "Muster")
		require.NotContains(t, string(bits), "evaluator")
	}
	lines, err := recording.Read(strings.NewReader(file))
	require.NoError(t, err)
	require.Equal(t, conversation.EvaluationPending, lines[0].Conversations[0].Evaluations[0].Status)
}

func TestAReplayOfEveryFormHasTheAlertsAndConsultsOfTheOriginal(t *testing.T) {
	hooks := events.NewHooks()
	events.After(hooks, "all", func(context.Context, events.Event) error { return nil },
		events.OfTypes(events.TypeAgentTransferred, events.TypeAgentAlerted))
	told := func(heard []recording.Heard) (list []string) {
		var c *conversation.Conversation
		for _, h := range heard {
			for _, x := range h.Conversations {
				c = conversation.Merge(c, x)
			}
		}
		for _, e := range events.Unannounced(c, hooks.Wants(), func(string) bool { return false }) {
			switch e := e.(type) {
			case *events.AgentTransferred:
				list = append(list, string(e.TransferType))
			case *events.AgentAlerted:
				list = append(list, "alerted")
			}
		}
		return list
	}
	alerts, consults := 0, 0
	for _, scenario := range genesystest.Scenarios() {
		s := scenario.Story()
		for _, messages := range [][][]byte{s.Details(), s.MediaSnapshots()} {
			heard := toldOf(t, s, messages)
			lines, err := recording.Read(bytes.NewReader(record(t, key, heard)))
			require.NoError(t, err)
			want := told(heard)
			require.ElementsMatch(t, want, told(lines), scenario.Name)
			for _, x := range want {
				switch x {
				case "alerted":
					alerts++
				case "consult":
					consults++
				}
			}
		}
	}
	require.Positive(t, alerts)
	require.Positive(t, consults)
}
