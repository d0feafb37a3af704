package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/events"
)

// outcome is what a case must give: the events but created and added, and of
// each conversation the status and what stands about its sessions.
type outcome struct {
	events        []string
	conversations []string
}

// TestCapturedConversationsGiveTheRightOutcome plays what captures of live
// organisations showed (protocol 9) in order, and in forty other orders with
// repetition.
func TestCapturedConversationsGiveTheRightOutcome(t *testing.T) {
	for name, want := range map[string]outcome{
		"disconnecttype-transferconsult-then-peer": {
			[]string{"agent.connected u-a1", "agent.connected u-a2", "agent.transferred u-a1 to u-a2 consult"},
			[]string{"Active", "s-a1 terminated consultTransfer", "s-a2 connected", "s-c connected", "s-q terminated transfer"}},
		"consult-leg-says-transfer": {
			[]string{"agent.connected u-a1", "agent.connected u-a2", "agent.transferred u-a1 to u-a2 consult"},
			[]string{"Active", "p-a1/voice terminated transfer", "p-a2/voice connected", "p-c/voice connected", "p-q/voice terminated transfer"}},
		"record-says-transfer-metric-says-consult": {
			[]string{"agent.connected u-a", "agent.connected u-b", "agent.transferred u-a to u-b consult", "conversation.ended u-a 190000 u-b 235000"},
			[]string{"Ended", "s-a terminated transfer", "s-b terminated peer", "s-c terminated endpoint"}},
		"restated-values-keep-the-greatest": {
			[]string{"agent.connected u-a1"},
			[]string{"Active", "New", "s-a connected queue q-1", "s-c scheduled due 2026-03-03T12:00:00Z"}},
		"screenmonitoring-detail-events": {
			[]string{"agent.connected u-a1", "agent.disconnected u-a1 leaving 0", "conversation.ended u-a1 90000"},
			[]string{"Ended", "s-a terminated client", "s-c terminated peer", "s-q terminated transfer", "s-s disconnected client"}},
		"ended-leg-without-disconnect-type": {
			[]string{"conversation.ended"},
			[]string{"Ended", "s-c terminated endpoint", "s-d terminated at 2025-01-10T10:00:00Z"}},
		"record-without-conversation-end": {
			[]string{"agent.connected u-1", "agent.connected u-2", "agent.disconnected u-1 leaving 0", "conversation.ended u-1 60000 u-2 75000"},
			[]string{"Ended", "s-a terminated peer", "s-i terminated at 2016-09-06T07:00:10Z", "s-u terminated endpoint"}},
		"media-topic-after-snapshot": {
			[]string{"agent.connected u-a", "agent.disconnected u-a leaving 0"},
			[]string{"AfterCallWork", "s-a disconnected client", "s-c connected"}},
		"detail-event-alone": {
			[]string{"agent.connected u-a", "agent.disconnected u-a leaving 0"},
			[]string{"AfterCallWork", "begins 2025-01-10T09:08:50Z", "s-a terminated client"}},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join("testdata", "cases", name+".json")
			var ids []string
			for seed := range 41 {
				args := []string{file}
				if seed > 0 {
					args = []string{"-shuffle", fmt.Sprint(seed), "-repeat", "3", file}
				}
				r := play(t, "", args...)
				require.Zero(t, r.code, r.stderr)
				require.Equal(t, want, sayOutcome(t, r, want), "shuffle %d", seed)
				var now []string
				for _, e := range r.events {
					now = append(now, e.Type+" "+e.ID)
				}
				slices.Sort(now)
				if ids == nil {
					ids = now
				}
				require.Equal(t, ids, now, "shuffle %d", seed)
			}
		})
	}
}

// sayOutcome puts what was printed into the words of the cases. Of a
// conversation's start and a session's queue and due time it says only what is
// asked for.
func sayOutcome(t *testing.T, r result, asked outcome) outcome {
	t.Helper()
	var o outcome
	for _, e := range r.events {
		said := e.Type
		if events.Type(e.Type).Further() {
			continue
		}
		switch e.Type {
		case "conversation.created", "participant.added":
			continue
		case "agent.connected":
			said += fmt.Sprint(" ", e.Data["userId"])
		case "agent.transferred":
			from, to := e.Data["from"].(map[string]any), e.Data["to"].(map[string]any)
			said += fmt.Sprint(" ", from["userId"], " to ", to["userId"], " ", e.Data["transferType"])
		case "agent.disconnected":
			said += fmt.Sprint(" ", e.Data["userId"], " leaving ", e.Data["remainingAgents"])
		case "conversation.ended":
			for _, w := range e.Data["agentTimes"].([]any) {
				agent := w.(map[string]any)
				said += fmt.Sprint(" ", agent["userId"], " ", agent["tHandle"])
			}
		}
		o.events = append(o.events, said)
	}
	for _, data := range r.conversations {
		var c struct {
			Status       string `json:"calculatedStatus"`
			Start        string `json:"conversationStart"`
			Participants []struct {
				Sessions []struct {
					ID             string `json:"sessionId"`
					State          string `json:"state"`
					DisconnectType string `json:"disconnectType"`
					Disconnected   string `json:"disconnectedTime"`
					Due            string `json:"callbackScheduledTime"`
				} `json:"sessions"`
			} `json:"participants"`
		}
		text, err := json.Marshal(data)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &c))
		o.conversations = append(o.conversations, c.Status)
		if slices.Contains(asked.conversations, "begins "+c.Start) {
			o.conversations = append(o.conversations, "begins "+c.Start)
		}
		participantQueues := queuesOf(t, text)
		for i, p := range c.Participants {
			for _, s := range p.Sessions {
				said := s.ID + " " + s.State
				switch queued := fmt.Sprint(said, " queue ", participantQueues[i]); {
				case s.DisconnectType != "":
					said += " " + s.DisconnectType
				case s.Disconnected != "":
					said += " at " + s.Disconnected
				case s.Due != "":
					said += " due " + s.Due
				case slices.ContainsFunc(asked.conversations, func(a string) bool { return strings.HasPrefix(a, said+" queue ") }):
					said = queued
				}
				o.conversations = append(o.conversations, said)
			}
		}
	}
	slices.Sort(o.events)
	slices.Sort(o.conversations)
	return o
}

func queuesOf(t *testing.T, conversation []byte) []string {
	t.Helper()
	var c struct {
		Participants []struct {
			Queue string `json:"queueId"`
		} `json:"participants"`
	}
	require.NoError(t, json.Unmarshal(conversation, &c))
	var queues []string
	for _, p := range c.Participants {
		queues = append(queues, p.Queue)
	}
	return queues
}
