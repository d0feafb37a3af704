//go:build !race

package observe_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/examples/convtrackctl/observe"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// position is one of the switches of a fact: how the platform is, and what is to
// be said then.
type position struct {
	fact, verdict string
	options       []genesystest.Option
	happens       func(w *world)
	length        time.Duration // zero: 10 min
}

// plays lets stories of scenarios happen.
func plays(names ...string) func(w *world) {
	return func(w *world) {
		for _, name := range names {
			w.Play(scenario(w.t, name))
		}
	}
}

func scenario(t *testing.T, name string) *genesystest.Story {
	t.Helper()
	for _, s := range genesystest.Scenarios() {
		if s.Name == name {
			return s.Story()
		}
	}
	t.Fatalf("no scenario %q", name)
	return nil
}

// positions are those of all switches.
func positions() []position {
	other := func(u genesystest.Unknown) []genesystest.Option {
		return []genesystest.Option{genesystest.Otherwise(u)}
	}
	const transfer, guest = "blind transfer to an agent with a transfer command", "guest of web messaging without an address"
	internal := plays("internal call between two users")
	many := func(w *world) {
		for i := range 101 {
			s := genesystest.NewStory(fmt.Sprint("c-", i))
			s.Customer("cust", 0)
			s.Agent("a", 0, "user-a", "q-1").Answer(time.Second)
			w.Play(s.Fresh(rand.New(rand.NewPCG(1, uint64(i)))))
		}
	}
	ring := func(w *world) {
		s := scenario(w.t, "bullseye routing gives up a skill")
		for _, l := range s.Legs {
			l.Routing.Ring = min(l.Routing.Ring, 1)
		}
		w.Play(s)
	}
	guests := func(w *world) {
		s := scenario(w.t, guest)
		for _, l := range s.Legs {
			if l.Purpose == "customer" {
				l.Address = "guest-1"
			}
		}
		w.Play(s)
	}
	messages := plays("guest of web messaging without an address") // of a provider that is not known
	attributes := func(w *world) {
		s := genesystest.BlindTransferToQueue()
		s.Attributes = append(s.Attributes, genesystest.Attribute{At: 15700 * time.Millisecond, Participant: s.Legs[0].Participant, Values: map[string]string{"one": "1"}},
			genesystest.Attribute{At: 25 * time.Second, Participant: s.Legs[0].Participant, Values: map[string]string{"two": "2"}})
		w.Play(s)
	}
	refused := func(permissions ...string) func(w *world) {
		return func(w *world) {
			w.Faults().Requests(genesystest.RequestFault{Status: http.StatusForbidden, Permissions: permissions,
				Match: func(_, path string) bool { return strings.HasPrefix(path, "/api/v2/conversations/") }})
			w.Play(genesystest.BlindTransferToQueue())
		}
	}
	again := func(w *world) {
		s := genesystest.NewStory("c-again")
		s.Media, s.Message = "message", "whatsapp"
		s.Customer("cust", 0).Ends(60*time.Second, "client")
		s.Agent("a", time.Second, "user-a", "q-1").Answer(5*time.Second).Ends(60*time.Second, "peer").WrapUp(70*time.Second, "w-1")
		s.Customer("cust2", 200*time.Second).Ends(500*time.Second, "client")
		s.Agent("b", 201*time.Second, "user-b", "q-1").Answer(210*time.Second).Ends(500*time.Second, "peer").WrapUp(510*time.Second, "w-1")
		w.Play(s)
	}
	return []position{
		{"combined-topic", observe.Seen, nil, plays(transfer), 0},
		{"combined-topic", observe.Contradicted, []genesystest.Option{genesystest.CombinedTopicNames()}, plays(transfer), 0},
		{"missing-permission", observe.Seen, nil, refused("conversation:communication:view"), 0},
		{"missing-permission", observe.Contradicted, nil, refused(), 0},
		{"missing-permission", observe.NotSeen, nil, plays(transfer), 0},
		{"provider-word", observe.Seen, nil, messages, 0},
		{"provider-word", observe.Contradicted, other(genesystest.ProvidersWithoutWords), messages, 0},
		{"topic-after-leaving", observe.Seen, nil, plays(transfer), 0},
		{"topic-after-leaving", observe.Contradicted, []genesystest.Option{genesystest.LeaversHearNothing()}, plays(transfer), 0},
		{"interacting-held", observe.Seen, nil, plays("held and resumed"), 0},
		{"interacting-held", observe.Contradicted, other(genesystest.HeldApart), plays("held and resumed"), 0},
		{"acw-without-code", observe.Seen, nil, plays("wrap-up without a code"), 0},
		{"acw-without-code", observe.Contradicted, other(genesystest.WrapUpsWithoutCodeUntold), plays("wrap-up without a code"), 0},
		{"envelope-time", observe.Seen, other(genesystest.EnvelopesWhenMade), attributes, 0},
		{"envelope-time", observe.Contradicted, nil, attributes, 0},
		{"external-parties", observe.Seen, nil, external, 0},
		{"external-parties", observe.Contradicted, other(genesystest.ExternalsUntold), external, 0},
		{"consult-end", observe.Seen, other(genesystest.ConsultsEndAsConsults), plays("consult completed, told as a plain transfer"), 0},
		{"consult-end", observe.Contradicted, nil, plays("consult completed, told as a plain transfer"), 0},
		{"changed-attributes", observe.Seen, nil, attributes, 0},
		{"changed-attributes", observe.Contradicted, other(genesystest.AllAttributes), attributes, 0},
		{"hundred-ids", observe.Seen, nil, many, 0},
		{"hundred-ids", observe.Contradicted, other(genesystest.FewerIDs), many, 0},
		{"hundred-results", observe.Seen, nil, plays(transfer), 0},
		{"hundred-results", observe.Contradicted, other(genesystest.SmallerPages), plays(transfer), 0},
		{"metric-of-watching", observe.Seen, nil, plays("supervisor listens in"), 0},
		{"metric-of-watching", observe.Contradicted, other(genesystest.WatchingOfWatched), plays("supervisor listens in"), 0},
		{"outcome-members", observe.Seen, nil, plays("two outcomes of a flow at one time"), 0},
		{"outcome-members", observe.Contradicted, other(genesystest.OutcomesOtherwise), plays("two outcomes of a flow at one time"), 0},
		{"ring-zero", observe.Seen, other(genesystest.RingsFromZero), ring, 0},
		{"ring-zero", observe.NotSeen, nil, ring, 0},
		{"end-of-reopened", observe.Seen, nil, again, 0},
		{"end-of-reopened", observe.Contradicted, other(genesystest.EndStays), again, 0},
		{"live-after-end", observe.Seen, nil, plays(transfer), 0},
		{"live-after-end", observe.Contradicted, other(genesystest.LiveForgets), plays(transfer), 0},
		{"records-in-time", observe.Seen, []genesystest.Option{genesystest.AnalyticsLag(2 * time.Minute)}, plays(transfer), 0},
		{"records-in-time", observe.Contradicted, []genesystest.Option{genesystest.AnalyticsLag(12 * time.Minute)}, plays(transfer), 20 * time.Minute},
		{"voice-transfer-command", observe.Seen, nil, plays(transfer), 0},
		{"voice-transfer-command", observe.Contradicted, other(genesystest.TransfersUnlisted), plays(transfer), 0},
		{"merge-ends", observe.Seen, nil, plays("merged into another conversation"), 0},
		{"merge-ends", observe.Contradicted, other(genesystest.MergesEndWithPeer), plays("merged into another conversation"), 0},
		{"wrap-up-outside-acd", observe.Seen, nil, internal, 0},
		{"wrap-up-outside-acd", observe.Contradicted, other(genesystest.WrapUpsOutsideACD), internal, 0},
		{"outbound-address", observe.Seen, nil, plays("outbound call for a queue"), 0},
		{"outbound-address", observe.Contradicted, other(genesystest.OwnAddressOutbound), plays("outbound call for a queue"), 0},
		{"guest-address", observe.Seen, other(genesystest.GuestsWithoutAddress), guests, 0},
		{"guest-address", observe.Contradicted, nil, guests, 0},
		{"withheld-number", observe.Seen, nil, plays("caller withholds the number"), 0},
		{"withheld-number", observe.NotSeen, other(genesystest.WithheldOtherwise), plays("caller withholds the number"), 0},
	}
}

// external is a direct call with somebody outside.
func external(w *world) {
	s := genesystest.NewStory("c-external")
	s.Direction = "outbound"
	s.User("a", 0, "user-a").Answer(time.Second).Ends(60*time.Second, "client").NoWrapUp()
	s.External("ext", 100*time.Millisecond).Dialing(5*time.Second).Ends(60*time.Second, "peer")
	w.Play(s)
}

func TestWhatIsNotKnownIsSeenAsThePlatformIs(t *testing.T) {
	tried := map[string]map[string]bool{}
	for _, p := range positions() {
		if tried[p.fact] == nil {
			tried[p.fact] = map[string]bool{}
		}
		tried[p.fact][p.verdict] = true
		t.Run(p.fact+" "+p.verdict, func(t *testing.T) {
			inBubble(t, func(w *world) {
				if p.length == 0 {
					p.length = 12 * time.Minute
				}
				r := w.observe(p.length, func() { p.happens(w) })
				i := slices.IndexFunc(r.Facts, func(f observe.Finding) bool { return f.ID == p.fact })
				require.GreaterOrEqual(w.t, i, 0)
				require.Equal(w.t, p.verdict, r.Facts[i].Verdict, "%+v", r.Facts[i])
			}, p.options...)
		})
	}
	for _, f := range observe.Facts() {
		require.GreaterOrEqual(t, len(tried[f.ID]), 2, "%s: both answers are to be tried", f.ID)
	}
}

// Every U of PROTOCOL.md, and what "is unknown", stands in a sentence that a fact
// or an Unseen quotes, and so does every item of its last section.
func TestEachUnknownOfTheProtocolIsLookedForOrSaidToBeOutOfSight(t *testing.T) {
	data, err := os.ReadFile("../../../genesys/PROTOCOL.md")
	require.NoError(t, err)
	_, facts, found := strings.Cut(string(data), "\n## 1. ")
	require.True(t, found)
	text := strings.Join(strings.Fields(facts), " ")
	covered := make([]bool, len(text))
	cover := func(id, quote string) {
		quote = strings.Join(strings.Fields(quote), " ")
		require.Equal(t, 1, strings.Count(text, quote), "%s: it must stand in PROTOCOL.md once: %s", id, quote)
		for i, at := 0, strings.Index(text, quote); i < len(quote); i++ {
			covered[at+i] = true
		}
	}
	ids := map[string]bool{}
	for _, f := range observe.Facts() {
		require.False(t, ids[f.ID], f.ID)
		ids[f.ID] = true
		cover(f.ID, f.Quote)
	}
	for _, u := range observe.OutOfSight() {
		require.NotEmpty(t, u.Why)
		cover("out of sight", u.Quote)
	}
	around := func(at int) string { return text[max(at-120, 0):min(at+60, len(text))] }
	for _, at := range regexp.MustCompile(`\bU\b|\b(is|are) unknown\b|not published`).FindAllStringIndex(text, -1) {
		if !covered[at[0]] {
			t.Errorf("neither looked for nor said to be out of sight: … %s …", around(at[0]))
		}
	}
	_, last, found := strings.Cut(text, "## What is not known ")
	require.True(t, found)
	begin := len(text) - len(last)
	for _, item := range regexp.MustCompile(`(^|\s)- `).FindAllStringIndex(last, -1) {
		at := begin + item[1]
		end := len(text)
		if next := strings.Index(text[at:], " - "); next >= 0 {
			end = at + next
		}
		if !slices.Contains(covered[at:end], true) {
			t.Errorf("neither looked for nor said to be out of sight: %s", text[at:end])
		}
	}
}
