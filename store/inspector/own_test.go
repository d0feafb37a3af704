package inspector_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/store/inspector"
	"github.com/dcmkit/convtrack/store/memstore"
)

// own is data of an event of the host's own. Its fields have names that are
// harmless where Genesys gives them.
type own struct {
	ID     string             `json:"id"`
	Reason string             `json:"reason"`
	Kind   []string           `json:"kind"`
	State  map[string]string  `json:"state"`
	Queue  struct{ Name any } `json:"queueName"`
	Number int64              `json:"number"`
	Agreed bool               `json:"agreed"`
	Born   time.Time          `json:"born"`
	Counts map[string]int     `json:"attributes"`
	Words  map[string]any     `json:"words"`
}

// newOwn returns data with a canary in every place where there can be one.
func newOwn() own {
	o := own{
		ID: "+31612345678", Reason: "Mrs CANARY-REASON complained", Kind: []string{"CANARY@example.org", "CANARY-2"},
		State: map[string]string{"CANARY-STATE": "CANARY-IN-STATE"}, Number: 31612345678, Agreed: true,
		Born: time.Date(1971, 2, 3, 0, 0, 0, 0, time.UTC), Counts: map[string]int{"31612345678": 1, "rosa Lindqvist": 2}, Words: map[string]any{},
	}
	o.Queue.Name = map[string]any{"CANARY": []any{"CANARY", 31612345678, nil, true}}
	for _, name := range strings.Fields("rule userId participantId locale provider wrapUpName fields object mediaTypes conversationId") {
		o.Words[name] = "CANARY-" + name
	}
	return o
}

func defineOwn(h *events.Hooks) {
	events.Define(h, "vip.waiting", func(c *conversation.Conversation) []events.Fact[own] {
		return []events.Fact[own]{{Key: "+31612345678", Time: c.Start, Data: newOwn()}}
	})
}

func TestOfAnEventOfTheHostsOwnOnlyTheShapeIsSeenWithoutTheRight(t *testing.T) {
	s := memstore.New()
	d := newDeskWith(t, s, nil, defineOwn)
	d.tell(story("c-1", 40*time.Second))
	another, err := convtrack.New(s, nil) // which has not defined the type
	require.NoError(t, err)
	stranger, err := inspector.New(inspector.Config{Tracker: another, Access: accessOf})
	require.NoError(t, err)
	data := func(who string) map[string]any {
		var page struct {
			Events []struct {
				Type string
				Data struct{ Data map[string]any }
			}
		}
		require.NoError(t, json.Unmarshal([]byte(d.get(who, "conversation.json?id=c-1").body), &page))
		for _, e := range page.Events {
			if e.Type == "vip.waiting" {
				return e.Data.Data
			}
		}
		return nil
	}
	require.Eventually(t, func() bool { return data("anna") != nil }, time.Minute, 10*time.Millisecond)
	require.Equal(t, "+31612345678", data("anna")["id"])

	mine, masked := data("anna"), data("vera")
	require.Equal(t, slices.Sorted(maps.Keys(mine)), slices.Sorted(maps.Keys(masked)), "the fields of the host's type are known")
	require.Equal(t, []any{"•••", "•••"}, masked["kind"])
	require.Len(t, masked["words"], len(mine["words"].(map[string]any)))
	for name, is := range masked {
		if _, single := mine[name].(string); single {
			require.Equal(t, "•••", is, name)
		}
	}
	require.Equal(t, "•••", masked["number"])
	require.Equal(t, "•••", masked["agreed"])
	for _, who := range []string{"vera", "dora"} {
		for _, page := range pagesOf("c-1") {
			there := d.get(who, page)
			require.Equal(t, http.StatusOK, there.status, page)
			elsewhere := d.from(stranger, who, page)
			for _, text := range append([]string{"1971-02-03", "complained", "example.org"}, personal...) {
				require.NotContains(t, there.body, text, "%s sees %s", who, page)
				require.NotContains(t, elsewhere, text, "%s sees %s of a process that does not know the type", who, page)
			}
		}
	}
}

func TestADeliveryThatIsRetriedIsShownWithItsStack(t *testing.T) {
	d := newDeskWith(t, memstore.New(), nil, func(h *events.Hooks) {
		events.After(h, "panics", func(context.Context, *events.AgentConnected) error { panic("CANARY has no case") })
	})
	d.tell(story("c-1", 150*time.Second))
	require.Eventually(t, func() bool {
		return strings.Contains(d.get("anna", "conversation.json?id=c-1").body, "CANARY has no case")
	}, time.Minute, 10*time.Millisecond)
	require.Regexp(t, `"state": "(waiting|claimed)",\s+"attempts": [0-9]+,\s+"error": "[^"]+",\s+"stack": "goroutine[^"]+own_test.go`, d.get("anna", "conversation.json?id=c-1").body)
	require.Regexp(t, `<details id="stack-[0-9]+-panics"><summary>Stack</summary><pre tabindex="0">goroutine[^<]+own_test.go`, d.get("anna", "conversation?id=c-1").body)
	for _, page := range []string{"conversation?id=c-1", "conversation.json?id=c-1"} {
		require.NotContains(t, d.get("vera", page).body, "own_test.go", page)
		require.NotContains(t, d.get("vera", page).body, "CANARY", page)
	}
}
