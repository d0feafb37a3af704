package events_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// columns are the channels of the tables in the documentation, each with the names
// that the rules' tests give them.
var columns = [][]string{{"topics", "media topics"}, {"detail events", "EventBridge", "SQS"}, {"REST"}, {"analytics"}}

// words are what say begins with, for each type.
var words = map[events.Type]string{
	events.TypeConversationCreated: "created", events.TypeParticipantAdded: "added", events.TypeAgentConnected: "connected", events.TypeAgentTransferred: "transferred",
	events.TypeAgentDisconnected: "disconnected", events.TypeConversationEnded: "ended", events.TypeConversationReopened: "reopened", events.TypeConversationQueued: "queued",
	events.TypeAgentAlerted: "alerted", events.TypeAgentUnanswered: "unanswered", events.TypeAgentLeft: "left", events.TypeAgentWrappedUp: "wrappedUp",
	events.TypeSurveyCompleted: "survey", events.TypeEvaluationReleased: "evaluation",
}

// TestTheTablesSayWhatEachChannelCanKnow holds the tables of README.md and doc.go
// against what the channels tell of all scenarios: everything ("yes"), not
// everything or something that is not so ("mostly"), nothing ("no").
func TestTheTablesSayWhatEachChannelCanKnow(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	knows := map[events.Type][]string{}
	for _, column := range columns {
		for of, word := range words {
			var told, lacks, mistakes int
			for _, s := range genesystest.Scenarios() {
				for _, ch := range channels {
					if !slices.Contains(column, ch.name) {
						continue
					}
					said := saidOf(t, s, ch, word)
					for _, w := range truthOf(s, word) {
						if i := slices.Index(said, w); i >= 0 {
							told++
							said = slices.Delete(said, i, i+1)
						} else {
							lacks++
						}
					}
					mistakes += len(said)
				}
			}
			switch {
			case told == 0:
				knows[of] = append(knows[of], "no")
			case lacks+mistakes > 0:
				knows[of] = append(knows[of], "mostly")
			default:
				knows[of] = append(knows[of], "yes")
			}
		}
	}
	for of, answers := range knows {
		mark := ""
		if of.Further() {
			mark = " *"
		}
		requireRow(t, string(readme), "| `"+string(of)+"`"+mark+" |", "| "+strings.Join(answers, " | ")+" |")
		requireRow(t, string(doc), "//\t"+string(of)+" ", strings.Join(answers, " "))
	}
}

// requireRow demands that the line that begins so ends so, whatever the spaces.
func requireRow(t *testing.T, text, begins, ends string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, begins) {
			require.Contains(t, strings.Join(strings.Fields(line), " ")+"\n", ends+"\n", begins)
			return
		}
	}
	require.Failf(t, "there is no row", "%s … %s", begins, ends)
}

var saidBy = map[string][]string{}

// saidOf is what a channel says of a scenario, of the events whose word it is.
func saidOf(t *testing.T, s genesystest.Scenario, ch channel, word string) (said []string) {
	t.Helper()
	key := s.Name + "/" + ch.name
	if saidBy[key] == nil {
		l := newListener()
		l.hear(ch.tell(t, s)...)
		l.announce(true)
		for _, e := range l.heard {
			saidBy[key] = append(saidBy[key], say(e))
		}
	}
	return withWord(saidBy[key], word)
}

// truthOf is what there is to say of a scenario.
func truthOf(s genesystest.Scenario, word string) []string {
	all := slices.Concat(s.Want, s.Live, s.Further)
	if word == "added" {
		return slices.Repeat([]string{"added"}, s.Added)
	}
	return withWord(all, word)
}

func withWord(all []string, word string) (with []string) {
	for _, w := range all {
		if w == word || strings.HasPrefix(w, word+" ") {
			with = append(with, w)
		}
	}
	return with
}
