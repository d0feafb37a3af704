package inspector_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/store/memstore"
)

// talkative is a source that says all that a source can say of itself.
type talkative struct{ conversation.SourceHealth }

func (talkative) String() string { return "talkative" }

func (talkative) Run(ctx context.Context, _ conversation.Sink) error {
	<-ctx.Done()
	return nil
}

func (s talkative) Health() conversation.SourceHealth { return s.SourceHealth }

func TestHealthShowsAllThatASourceSays(t *testing.T) {
	at := time.Now().Add(-time.Hour)
	d := newDeskWith(t, memstore.New(), []convtrack.Source{talkative{conversation.SourceHealth{
		BlindSince: at, Reason: "the queue is <gone>", MissingPermissions: []string{"sqs:ReceiveMessage"}, LastHeard: at, RepairingSince: at,
		Leads: true, Wanted: 7, Heard: 5, Left: 1, Followed: 3, Waiting: 2,
		Refused:      []conversation.RefusedTopic{{Topic: "v2.users.x", Reason: "no right", MissingPermissions: []string{"a:b:view"}}},
		RefusedReads: []conversation.RefusedRead{{Read: "evaluations", MissingPermissions: []string{"quality:evaluation:view"}, Until: at}},
		Queue:        &conversation.QueueHealth{OldestSent: at, DropsOldest: at, Waiting: 41, InFlight: -1, NotUnderstood: 43, NotStored: 44},
		API:          &conversation.APIHealth{Allowed: 300, Remaining: 51, InFlight: 52, Waiting: 53, PausedSince: at, PausedUntil: at, PauseReason: "429", Throttled: 54},
		Requests:     &conversation.RequestHealth{Stored: 61, Denied: 62, Refused: 63, Overloaded: 64, Unavailable: 65, Handling: 66},
	}}}, func(*events.Hooks) {})
	var page reply
	require.Eventually(t, func() bool {
		page = d.get("vera", "health")
		require.Equal(t, http.StatusOK, page.status)
		return strings.Contains(page.body, "talkative")
	}, time.Minute, 100*time.Millisecond)
	for _, want := range []string{
		"the queue is &lt;gone&gt;", "sqs:ReceiveMessage", "5 of 7", "v2.users.x", "a:b:view", "evaluations", "quality:evaluation:view", "repairs since",
		"left of 300 requests a minute", ">51<", ">52<", ">53<", ">54<", "429", ">41<", "not known", ">43<", ">44<", ">61<", ">62<", ">63<", ">64<", ">65<", ">66<", "Lag of queues",
	} {
		require.Contains(t, page.body, want)
	}
	require.Eventually(t, func() bool {
		return strings.Contains(d.get("vera", "processes").body, "5 topics, reads 3 conversations, leads")
	}, time.Minute, 100*time.Millisecond)
	require.Contains(t, d.get("vera", "health.json").body, `"throttled": 54`)
}

func TestTheGaugesHaveACourse(t *testing.T) {
	d := newDesk(t)
	require.Contains(t, d.get("anna", "health").body, "no course yet")
	require.Eventually(t, func() bool { return strings.Contains(d.get("anna", "health").body, "<polyline points=") }, time.Minute, 100*time.Millisecond)
}
