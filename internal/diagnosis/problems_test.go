package diagnosis

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/internal/heard"
	"github.com/dcmkit/convtrack/store"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// ago is a time by the clock of the tests.
func ago(d time.Duration) time.Time { return now.Add(-d) }

// source is a state in which one source says that of itself.
func source(is heard.Source) State {
	return State{Sources: map[string]heard.Source{"socket": is}}
}

func health(is conversation.SourceHealth) State { return source(heard.Source{SourceHealth: is}) }

func hook(is Delivery) State { return State{Deliveries: map[string]Delivery{"case-owner": is}} }

// TestEachProblemIsASentenceWithWhatToDo has for each problem a state that is just as
// it should be, and one that is not.
func TestEachProblemIsASentenceWithWhatToDo(t *testing.T) {
	for want, is := range map[string]struct{ well, ill State }{
		"the store is full since 2026-03-01T11:59:00Z: free space where the database has its files, or raise what it may take": {
			ill: State{Store: Store{Trouble: "full", TroubleSince: ago(time.Minute)}},
		},
		"the source socket has failed for good: wrong credentials; mend the cause and start the process again": {
			ill: source(heard.Source{Failed: "wrong credentials"}),
		},
		"the source socket is blind since 2026-03-01T11:59:00Z: 403: grant a:b:view, c:d:view": {
			well: health(conversation.SourceHealth{HeardSince: ago(time.Minute)}),
			ill:  health(conversation.SourceHealth{BlindSince: ago(time.Minute), Reason: "403", MissingPermissions: []string{"c:d:view", "a:b:view", "a:b:view"}}),
		},
		"1 topics of the source socket are refused: grant a:b:view": {
			ill: health(conversation.SourceHealth{Wanted: 1, Refused: []conversation.RefusedTopic{{Topic: "t", MissingPermissions: []string{"a:b:view"}}}}),
		},
		"2 topics of the source socket are not heard, as its channels have no room: follow fewer, or use EventBridge": {
			well: health(conversation.SourceHealth{Wanted: 7, Heard: 7}),
			ill:  health(conversation.SourceHealth{Wanted: 9, Heard: 7, Left: 2}),
		},
		"the source socket may not read surveys: grant quality:survey:view": {
			ill: health(conversation.SourceHealth{RefusedReads: []conversation.RefusedRead{{Read: "surveys", MissingPermissions: []string{"quality:survey:view"}}}}),
		},
		"the source socket is behind: what began after 2026-03-01T11:49:59Z is not read yet": {
			well: health(conversation.SourceHealth{ReadUpTo: ago(mostBehind)}),
			ill:  health(conversation.SourceHealth{ReadUpTo: ago(mostBehind + time.Second)}),
		},
		"what was missed since 2026-03-01T11:00:00Z is being read by the source socket: until then it is not complete": {
			ill: health(conversation.SourceHealth{RepairingSince: ago(time.Hour)}),
		},
		"the source socket could not read what happened from 2026-02-01T12:00:00Z to 2026-02-02T12:00:00Z: 400; who needs it must get it in another way": {
			well: source(heard.Source{Losses: 1, LostAt: ago(thisDay)}),
			ill: source(heard.Source{Losses: 1, LostAt: ago(thisDay - time.Second), Lost: conversation.Gap{
				From: now.AddDate(0, -1, 0), To: now.AddDate(0, -1, 1), Reason: "400"}}),
		},
		"the source socket makes no calls until 2026-03-01T12:01:00Z: 429; see which other programs use the same OAuth client": {
			well: health(conversation.SourceHealth{API: &conversation.APIHealth{Throttled: 7}}),
			ill:  health(conversation.SourceHealth{API: &conversation.APIHealth{PausedUntil: now.Add(time.Minute), PauseReason: "429"}}),
		},
		"the source socket reads messages that came into the queue 5m1s ago, and it drops them at 2026-03-05T12:00:00Z: run more processes, or a faster store": {
			well: health(conversation.SourceHealth{Queue: &conversation.QueueHealth{OldestSent: ago(mostOld)}}),
			ill:  health(conversation.SourceHealth{Queue: &conversation.QueueHealth{OldestSent: ago(mostOld + time.Second), DropsOldest: now.AddDate(0, 0, 4)}}),
		},
		"of the messages of the source socket 3 could not be understood and 1 could not be stored, the last at 2026-03-01T11:00:01Z: look into the dead-letter queue": {
			well: health(conversation.SourceHealth{Queue: &conversation.QueueHealth{NotUnderstood: 3, LastRefused: ago(lately)}}),
			ill:  health(conversation.SourceHealth{Queue: &conversation.QueueHealth{NotUnderstood: 3, NotStored: 1, LastRefused: ago(lately - time.Second)}}),
		},
		"facts wait to be stored since 2026-03-01T11:59:49Z: see how the store does, and whether a Before hook fails or is slow (the log names it)": {
			well: State{Facts: 1, FactsSince: ago(mostWaiting)},
			ill:  State{Facts: 1, FactsSince: ago(mostWaiting + time.Second)},
		},
		"conclusions of 3 conversations are overdue: no process has come to them; see how the store does, and whether Before hooks are slow": {
			ill: State{Overdue: 3},
		},
		"more than 7 deliveries wait for the hook case-owner, which no running process has: register it again under this name to give them up, with a function that does nothing, on *events.ConversationCreated: what a hook does not take counts as done": {
			well: hook(Delivery{Unfinished: 7}),
			ill:  hook(Delivery{Unfinished: 7, Orphaned: true, Attempts: fewAttempts}),
		},
		"the hook case-owner fails: a delivery has failed 3 times and 7 deliveries are unfinished; the log has its errors": {
			well: hook(Delivery{Unfinished: 7, Counted: true, Attempts: fewAttempts - 1}),
			ill:  hook(Delivery{Unfinished: 7, Counted: true, Attempts: fewAttempts, DueSince: ago(time.Hour)}),
		},
		"the hook case-owner is behind: its oldest delivery is due since 2026-03-01T11:58:59Z, 7 deliveries are unfinished; see how long it takes and what it waits for": {
			well: hook(Delivery{Unfinished: 7, Counted: true, DueSince: ago(mostLag)}),
			ill:  hook(Delivery{Unfinished: 7, Counted: true, DueSince: ago(mostLag + time.Second)}),
		},
		"events of the type case.opened are not defined in b, c: register it with events.Define in every process": {
			ill: State{Undefined: map[string][]string{"case.opened": {"b", "c"}}},
		},
		"1000 or more of the hook case-owner have failed (delivery): mend the cause, then retry or skip them": {
			ill: State{Failed: []Failed{{Hook: "case-owner", Kind: store.FailedDelivery, N: 1000}}},
		},
		"2 of the hook case-owner have failed (change): mend the cause, or skip them; they are tried again by themselves for a while, or at once with Retry": {
			ill: State{Failed: []Failed{{Hook: "case-owner", Kind: store.FailedChange, N: 2, Counted: true}}},
		},
	} {
		t.Run(want, func(t *testing.T) {
			is.well.At, is.ill.At = now, now
			is.well.judge()
			require.Empty(t, is.well.Problems)
			is.ill.judge()
			require.Equal(t, []string{want}, is.ill.Problems)
		})
	}
}

// Topics of new conversations are subscribed after a few seconds, and a source that
// cannot subscribe what it needs is blind.
func TestTopicsThatWaitToBeSubscribedAreNoProblemOfTheirOwn(t *testing.T) {
	is := health(conversation.SourceHealth{Wanted: 9, Heard: 7})
	is.At = now
	is.judge()
	require.Empty(t, is.Problems)
	is = health(conversation.SourceHealth{BlindSince: ago(time.Minute), Reason: "503", Wanted: 9, Left: 2})
	is.At = now
	is.judge()
	require.Equal(t, []string{
		"the source socket is blind since 2026-03-01T11:59:00Z: 503",
		"2 topics of the source socket are not heard, as its channels have no room: follow fewer, or use EventBridge",
	}, is.Problems)
}

func TestProblemsComeInTheSameOrderEachTime(t *testing.T) {
	var first []string
	for range 20 {
		h := State{At: now, Sources: map[string]heard.Source{}, Deliveries: map[string]Delivery{}, Undefined: map[string][]string{}}
		for _, name := range []string{"b", "c", "a"} {
			h.Sources[name] = heard.Source{Failed: "why"}
			h.Deliveries[name] = Delivery{Orphaned: true}
			h.Undefined[name] = []string{"x"}
		}
		h.judge()
		if first == nil {
			first = h.Problems
		}
		require.Len(t, h.Problems, 9)
		require.Equal(t, first, h.Problems)
	}
}
