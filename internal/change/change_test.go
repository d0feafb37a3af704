package change

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/internal/record"
	"github.com/dcmkit/convtrack/store"
)

var (
	now   = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	rules = Settling{Soon: time.Second, Late: 5 * time.Second}
)

func decoded(t *testing.T, messages [][]byte) []*conversation.Conversation {
	t.Helper()
	var all []*conversation.Conversation
	for _, m := range messages {
		msg, err := genesys.Decode(m, now)
		require.NoError(t, err)
		all = append(all, msg.Conversations...)
	}
	return all
}

// call is what detail events say of a call: its end is a conclusion.
func call(t *testing.T) []*conversation.Conversation {
	return decoded(t, genesystest.BlindTransferToQueue().Details())
}

func unknown(c []*conversation.Conversation) *record.Record {
	return record.New(store.Record{ID: c[0].ID})
}

func types(list []events.Event) (types []events.Type) {
	for _, e := range list {
		types = append(types, e.Head().Type)
	}
	return types
}

func takers(events.Event) []string { return []string{"hook"} }

// commit brings the record up to the plan, as the store would.
func commit(t *testing.T, r *record.Record, p *Plan) {
	t.Helper()
	require.NoError(t, p.Log(takers, now))
	r.Committed(p.Change, r.Version+1)
}

func TestTheSameRequestOnTheSameRecordGivesTheSamePlanAndChangesNothing(t *testing.T) {
	facts := call(t)
	r := unknown(facts)
	q := Request{Facts: facts, Now: now, Settling: rules}
	one, two := Work(r, q), Work(r, q)
	require.Equal(t, types(one.Events), types(two.Events))
	require.Equal(t, one.Change.Pending, two.Change.Pending)
	require.Empty(t, conversation.Diff(one.Change.To, two.Change.To))
	require.Nil(t, r.Conversation)
	require.Empty(t, r.Announced)
}

func TestAConclusionWaitsUntilItHasSettled(t *testing.T) {
	facts := call(t)
	r := unknown(facts)
	p := Work(r, Request{Facts: facts, Now: now, Settling: rules})
	require.Contains(t, types(p.Events), events.TypeConversationCreated)
	require.NotContains(t, types(p.Events), events.TypeConversationEnded)
	require.NotEmpty(t, p.Change.Pending)
	commit(t, r, p)

	require.Nil(t, Work(r, Request{Settle: true, Now: now.Add(time.Millisecond), Settling: rules}), "it is too early")
	p = Work(r, Request{Settle: true, Now: now.Add(5 * time.Second), Settling: rules})
	require.Contains(t, types(p.Events), events.TypeConversationEnded)
	require.Empty(t, p.Change.Pending)
	commit(t, r, p)
	require.NotEmpty(t, r.Conversation.Endings, "the end is kept, so that what begins after it re-opens the conversation")
	require.Nil(t, Work(r, Request{Facts: facts, Settle: true, All: true, Now: now.Add(time.Hour), Settling: rules}), "nothing is announced twice")
}

func TestTheEndOfTheInputSettlesEverything(t *testing.T) {
	facts := call(t)
	for _, s := range []Settling{rules, {Soon: -1, Late: -1}} {
		p := Work(unknown(facts), Request{Facts: facts, All: true, Now: now, Settling: s})
		require.Contains(t, types(p.Events), events.TypeConversationEnded)
		require.Empty(t, p.Change.Pending)
	}
}

func TestAConclusionThatWaitsForTheEndOfTheInputIsDueThen(t *testing.T) {
	facts := call(t)
	p := Work(unknown(facts), Request{Facts: facts, Now: now, Settling: Settling{Soon: -1, Late: -1}})
	for _, w := range p.Change.Pending {
		require.Equal(t, AtTheEnd, w.Due)
	}
}

func TestNoConclusionWaitsLongerThanItsKindWhateverTheClockWas(t *testing.T) {
	facts := call(t)
	r := unknown(facts)
	ahead := now.Add(time.Hour) // then somebody sets the clock right
	commit(t, r, Work(r, Request{Facts: facts, Now: ahead, Settling: rules}))
	p := Work(r, Request{Settle: true, Now: now, Settling: rules})
	require.NotNil(t, p, "the times are corrected")
	for _, w := range p.Change.Pending {
		require.False(t, w.Due.After(now.Add(rules.Longest())))
	}
}

func TestAnotherVetoIsLoggedAndNotDelivered(t *testing.T) {
	facts := call(t)
	r := unknown(facts)
	p := Work(r, Request{Facts: facts, Now: now, Settling: rules})
	e := p.Events[1]
	p.Veto(e, Veto{Hook: "hook", Reason: "no", Attributes: map[string]string{"suppressed": "yes"}}, now)
	require.False(t, p.Asks(e))
	require.NoError(t, p.Log(takers, now))
	require.True(t, p.Change.Events[1].Vetoed)
	require.Empty(t, p.Change.Events[1].Deliveries)
	require.NotEmpty(t, p.Change.Events[0].Deliveries)
}

func TestAVetoOfTheCreationLeavesATombstone(t *testing.T) {
	facts := call(t)
	r := unknown(facts)
	p := Work(r, Request{Facts: facts, Now: now, Settling: rules})
	p.Veto(p.Events[0], Veto{Hook: "screen", Reason: "not ours"}, now)
	commit(t, r, p)
	require.Equal(t, "not ours", p.Change.Vetoed)
	require.Nil(t, p.Change.To)
	require.Empty(t, p.Change.Events)
	require.True(t, r.Tombstone())
	require.Nil(t, Work(r, Request{Facts: facts, Now: now, Settling: rules}), "nothing is heard of it any more")
}

func TestAVetoThatIsKnownIsNotAskedAgain(t *testing.T) {
	facts := call(t)
	r := unknown(facts)
	q := Request{Facts: facts, Now: now, Settling: rules}
	created := Work(r, q).Events[0]
	q.Vetoes = map[string]Veto{created.Head().ID: {Hook: "screen", Reason: "not ours"}}
	require.Equal(t, "not ours", Work(r, q).Change.Vetoed)
}

func TestWhatWaitedToSettleIsNoHistoryAfterARefusal(t *testing.T) {
	facts := call(t)
	r := unknown(facts)
	r.Record.Pending = []store.Pending{{EventID: "waits", Due: now.Add(time.Second)}}
	q := Request{Facts: facts, Now: now, Settling: rules, Patience: Patience{Refused: time.Hour}}
	p := Refuse(r, q, store.Failure{Hook: "link", EventID: "refused", Attempts: 5}, nil)
	next := now.Add(leastPause)
	require.Equal(t, []store.Pending{{EventID: "refused", Due: next}, {EventID: "waits", Due: next}}, p.Change.Pending, "it is looked at when the hook is asked again")
	q.Patience.Refused = -1
	p = Refuse(r, q, store.Failure{Hook: "link", EventID: "refused", Attempts: 5}, nil)
	require.Equal(t, []store.Pending{{EventID: "waits", Due: AtTheEnd}}, p.Change.Pending, "when somebody decides")
}

func TestThePausesOfARefusedChangeGrowToMinutesForADay(t *testing.T) {
	facts := call(t)
	r := unknown(facts)
	q := Request{Facts: facts, Now: now, Settling: rules, Settle: true, Patience: Patience{Refused: 24 * time.Hour}}
	tries, longest, last := 0, time.Duration(0), time.Duration(0)
	for {
		p := Refuse(r, q, store.Failure{Hook: "link", EventID: "e", Attempts: 1}, nil)
		commit(t, r, p)
		tries++
		if r.Refused.Next.IsZero() {
			break
		}
		require.Nil(t, Work(r, q), "it is not due")
		pause := r.Refused.Next.Sub(q.Now)
		require.True(t, pause >= last || r.Refused.Next.Sub(r.Refused.Since) == 24*time.Hour, "%v after %v", pause, last)
		last, longest = pause, max(longest, pause)
		q.Facts, q.Now = nil, r.Refused.Next
		require.NotNil(t, Work(r, q))
	}
	require.Equal(t, 24*time.Hour, q.Now.Sub(r.Refused.Since), "the last try is at the end of the day")
	require.Equal(t, mostPause, longest)
	require.InDelta(t, 150, tries, 10)
	require.Equal(t, tries, r.Refused.Attempts)
	retry := store.Retry
	commit(t, r, Refuse(r, Request{Decision: &retry, Now: q.Now, Patience: q.Patience}, store.Failure{Hook: "link", EventID: "e", Attempts: 1}, nil))
	require.Equal(t, q.Now.Add(leastPause), r.Refused.Next, "who retries begins a new day")
}

func TestWhatIsKeptAsideWaitsNoLongerThanAPauseWhateverTheClockWas(t *testing.T) {
	patience := Patience{Refused: 24 * time.Hour, Undecided: 5 * time.Minute}
	for name, keep := range map[string]func(*record.Record, Request) *Plan{
		"refused": func(r *record.Record, q Request) *Plan {
			return Refuse(r, q, store.Failure{Hook: "link", EventID: "e", Attempts: 1}, nil)
		},
		"undecided": func(r *record.Record, q Request) *Plan {
			return PutOff(r, q, &events.NotYetError{Hook: "link"}, store.Event{ID: "e"}, nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := unknown(call(t))
			q := Request{Facts: call(t), Now: now.Add(time.Hour), Settle: true, Settling: rules, Patience: patience}
			commit(t, r, keep(r, q)) // then somebody sets the clock right
			q.Facts, q.Now = nil, now
			require.NotNil(t, Work(r, q), "the hooks are asked at once")
			commit(t, r, keep(r, q))
			require.Equal(t, now, r.Refused.Since)
			require.LessOrEqual(t, r.Refused.Next.Sub(now), patience.Undecided)
			require.Nil(t, Work(r, q), "and then not before the pause is over")
			q.Now = r.Refused.Next
			require.NotNil(t, Work(r, q))
		})
	}
}

func TestAChangeThatWasRefusedIsKeptAsideUntilSomebodyDecides(t *testing.T) {
	facts := call(t)
	r := unknown(facts)
	half := len(facts) / 2
	p := Refuse(r, Request{Facts: facts[:half], Now: now}, store.Failure{Hook: "link", Attempts: 5}, nil)
	commit(t, r, p)
	require.Nil(t, r.Conversation)
	require.Empty(t, r.Record.Pending, "nothing of it settles")
	require.Nil(t, Work(r, Request{Settle: true, All: true, Now: now, Settling: rules}))
	require.Nil(t, Work(r, Request{Facts: facts[:half], Now: now, Settling: rules}), "that is known")

	p = Work(r, Request{Facts: facts[half:], Now: now, Settling: rules})
	require.Empty(t, p.Events)
	commit(t, r, p)
	require.Nil(t, r.Conversation)

	retry, skip := store.Retry, store.Skip
	p = Work(r, Request{Decision: &retry, Now: now, Settling: rules})
	require.Contains(t, types(p.Events), events.TypeConversationCreated)
	require.Empty(t, p.Except)
	require.Nil(t, p.Change.Refused)
	p = Work(r, Request{Decision: &skip, Now: now, Settling: rules})
	require.Len(t, p.Except, len(p.Events))
	for i, e := range p.Events {
		require.Equal(t, SkippedAt("link", e.Head()), p.Except[i])
	}
	require.Equal(t, 10, Refuse(r, Request{}, store.Failure{Hook: "link", Attempts: 5}, nil).Change.Refused.Attempts, "all tries count")
}

// TestADecisionAnnouncesNothingThatHasNotSettled: it is about what was refused and what
// has settled while it waited with that.
func TestADecisionAnnouncesNothingThatHasNotSettled(t *testing.T) {
	facts := call(t)
	for name, c := range map[string]struct {
		settling Settling
		refused  time.Duration // how long by itself
		after    time.Duration // since it was refused
		ended    bool          // the decision announces the end
	}{
		"what has settled with it":                           {rules, time.Hour, time.Minute, true},
		"what has settled with it, of what is tried no more": {rules, -1, time.Minute, true},
		"what has not settled yet":                           {rules, time.Hour, time.Second, false},
		"what has not settled yet, of what is tried no more": {rules, -1, time.Second, false},
		"what waits longer by itself":                        {Settling{Soon: time.Second, Late: time.Hour}, 2 * time.Hour, time.Minute, false},
		"what waits for the end of the input":                {Settling{Soon: -1, Late: -1}, time.Hour, time.Minute, false},
		"what waits for that, beside what is tried no more":  {Settling{Soon: -1, Late: -1}, -1, time.Minute, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := unknown(facts)
			commit(t, r, Work(r, Request{Facts: facts, Now: now, Settling: c.settling}))
			f := store.Failure{Hook: "link", EventID: "an event", Type: "agent.connected"}
			p := Refuse(r, Request{Now: now, Settling: c.settling, Patience: Patience{Refused: c.refused}}, f, nil)
			commit(t, r, p)
			skip := store.Skip
			p = Work(r, Request{Decision: &skip, Now: now.Add(c.after), Settling: c.settling})
			require.Equal(t, c.ended, count(p.Events, events.TypeConversationEnded) == 1)
		})
	}
}

func TestAttributesOfAHookJoinTheConversation(t *testing.T) {
	facts := call(t)
	p := Work(unknown(facts), Request{Facts: facts, Now: now, Settling: rules})
	before := p.Change.To
	p.SetAttributes(nil, now)
	require.Same(t, before, p.Change.To)
	p.SetAttributes(map[string]string{"caseId": "4711"}, now)
	require.Equal(t, "4711", p.Change.To.Attributes["caseId"])
}

func TestEventsAreNumberedBehindTheLastOne(t *testing.T) {
	facts := call(t)
	r := record.New(store.Record{ID: facts[0].ID, Version: 3, LastSeq: 7})
	p := Work(r, Request{Facts: facts, Now: now, Settling: rules})
	for range 2 { // Log may be called again, for the next attempt
		require.NoError(t, p.Log(takers, now))
	}
	require.Len(t, p.Change.Events, len(p.Events))
	require.Equal(t, int64(8), p.Change.Events[0].Seq)
}

// count returns how many of the events are of the type.
func count(list []events.Event, of events.Type) (n int) {
	for _, e := range list {
		if e.Head().Type == of {
			n++
		}
	}
	return n
}

func TestFurtherEventsAreAnnouncedWhereAHookTakesThem(t *testing.T) {
	facts := call(t)
	p := Work(unknown(facts), Request{Facts: facts, All: true, Now: now, Settling: rules})
	require.Zero(t, count(p.Events, events.TypeAgentAlerted))
	p = Work(unknown(facts), Request{Facts: facts, All: true, Now: now, Settling: rules, Wants: events.Want(events.TypeAgentAlerted)})
	require.Equal(t, 2, count(p.Events, events.TypeAgentAlerted))
	require.Zero(t, count(p.Events, events.TypeAgentLeft))
}

func TestOfWhatHadHappenedBeforeAHookTookItNothingIsTold(t *testing.T) {
	facts := call(t)
	all := Request{All: true, Now: now, Settling: rules, Wants: events.Wanted{Types: events.AllTypes}}
	whole := Work(unknown(facts), Request{Facts: facts, All: true, Now: now, Settling: rules, Wants: events.Wanted{Types: events.AllTypes}})
	for n := 1; n < len(facts); n++ {
		r := unknown(facts)
		commit(t, r, Work(r, Request{Facts: facts[:n], All: true, Now: now, Settling: rules}))
		before := events.Unannounced(r.Conversation, events.Wanted{Types: events.AllTypes}, func(string) bool { return false })
		all.Facts = facts[n:]
		p := Work(r, all)
		if p == nil {
			continue
		}
		commit(t, r, p)
		for _, of := range []events.Type{events.TypeConversationQueued, events.TypeAgentAlerted, events.TypeAgentWrappedUp} {
			require.Equal(t, count(whole.Events, of), count(before, of)+count(p.Events, of), "%s, after %d facts", of, n)
		}
	}
}

func TestAFurtherConclusionThatWaitsIsAnnouncedWhenItHasSettled(t *testing.T) {
	facts := call(t)
	r := unknown(facts)
	q := Request{Facts: facts, Now: now, Settling: rules, Wants: events.Want(events.TypeAgentLeft)}
	p := Work(r, q)
	require.Zero(t, count(p.Events, events.TypeAgentLeft))
	commit(t, r, p)
	p = Work(r, Request{Settle: true, Now: now.Add(time.Minute), Settling: rules, Wants: q.Wants})
	require.Equal(t, 2, count(p.Events, events.TypeAgentLeft))
}

func TestAFactThatLiesAheadWaitsForItsTimeAlsoAtTheEndOfTheInput(t *testing.T) {
	release := now.Add(44 * 24 * time.Hour)
	scheduled := func(at time.Time, deleted bool) []*conversation.Conversation {
		return []*conversation.Conversation{conversation.State(&conversation.Conversation{ID: "c", Evaluations: []*conversation.Evaluation{
			{ID: "e", Status: conversation.EvaluationFinished, ChangedDate: now, ReleaseDate: at, Deleted: deleted}}},
			conversation.Statement{By: conversation.SourceTopic, At: now, Seen: now})}
	}
	wants := events.Want(events.TypeEvaluationReleased)
	r := unknown(scheduled(release, false))
	p := Work(r, Request{Facts: scheduled(release, false), All: true, Now: now, Settling: rules, Wants: wants})
	require.Zero(t, count(p.Events, events.TypeEvaluationReleased))
	require.Equal(t, []time.Time{release}, dues(p))
	commit(t, r, p)
	require.Nil(t, Work(r, Request{Settle: true, Now: release.Add(-time.Second), Settling: rules, Wants: wants}), "it is too early")
	require.Nil(t, Work(r, Request{Settle: true, Now: release, Wall: release.Add(-time.Second), Settling: rules, Wants: wants}), "the wall clock was set back")
	p = Work(r, Request{Settle: true, Now: release, Settling: rules, Wants: wants})
	require.Equal(t, 1, count(p.Events, events.TypeEvaluationReleased))
	require.Empty(t, p.Change.Pending)
}

func dues(p *Plan) (times []time.Time) {
	for _, w := range p.Change.Pending {
		times = append(times, w.Due)
	}
	return times
}

func TestAVersionThatShowsSomethingElseIsAChange(t *testing.T) {
	facts := call(t)
	r := unknown(facts)
	wants := events.Want(events.TypeConversationChanged)
	ids := map[string]bool{}
	for i, f := range facts {
		p := Work(r, Request{Facts: []*conversation.Conversation{f}, Now: now, Settling: rules, Wants: wants})
		require.NotNil(t, p)
		if len(conversation.Changes(r.Conversation, p.Change.To)) == 0 {
			require.Zero(t, count(p.Events, events.TypeConversationChanged), "nothing that is shown has changed")
			commit(t, r, p)
			continue
		}
		last := p.Events[len(p.Events)-1]
		require.IsType(t, &events.ConversationChanged{}, last)
		p.SetAttributes(map[string]string{"seen": last.Head().ID}, now.Add(time.Duration(i)*time.Millisecond))
		commit(t, r, p)
		require.True(t, last.(*events.ConversationChanged).Has(conversation.ObjectConversation, "attributes.seen"), "what a Before hook sets is in it")
		require.False(t, ids[last.Head().ID], "each version has an id of its own")
		ids[last.Head().ID] = true
		require.Nil(t, Work(r, Request{Facts: []*conversation.Conversation{f}, Now: now, Settling: rules, Wants: wants}), "what is said again is none")
	}
	require.Greater(t, len(ids), 5)
}

func TestASnapshotThatIsHeardAgainAtOnceNeedsNoVersionOfItsOwn(t *testing.T) {
	snapshot := func(read time.Time) []*conversation.Conversation {
		m, err := genesys.Decode(genesystest.Notification("00000000-0000-4000-8000-000000000001", 2, 1), read)
		require.NoError(t, err)
		return m.Conversations
	}
	r := unknown(snapshot(now))
	commit(t, r, Work(r, Request{Facts: snapshot(now), Now: now, Settling: rules}))
	require.Nil(t, Work(r, Request{Facts: snapshot(now.Add(repeated)), Now: now, Settling: rules}), "another process has heard it too")
	require.NotNil(t, Work(r, Request{Facts: snapshot(now.Add(time.Second)), Now: now, Settling: rules}), "all is still so")
}

func TestAnAttributeThatAHookSetsWhenSomethingSettlesIsAChange(t *testing.T) {
	facts := call(t)
	r := unknown(facts)
	wants := events.Want(events.TypeConversationChanged)
	commit(t, r, Work(r, Request{Facts: facts, Now: now, Settling: rules, Wants: wants}))
	p := Work(r, Request{Settle: true, Now: now.Add(5 * time.Second), Settling: rules, Wants: wants})
	require.Zero(t, count(p.Events, events.TypeConversationChanged))
	p.SetAttributes(map[string]string{"caseId": "4711"}, now)
	for range 2 { // a transaction may be made again
		require.NoError(t, p.Log(takers, now))
		require.Equal(t, 1, count(p.Events, events.TypeConversationChanged))
		require.Len(t, p.Change.Events, len(p.Events))
	}
}

// TestWhatAHookSetsIsNewerThanWhatItHasSeen: a clock may have been set back.
func TestWhatAHookSetsIsNewerThanWhatItHasSeen(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	p := &Plan{Change: &store.Change{ID: "c", To: conversation.State(&conversation.Conversation{ID: "c"}, conversation.Statement{By: conversation.SourceREST, At: now, Seen: now})}}
	for i, value := range []string{"2", "1", "3"} {
		p.SetAttributes(map[string]string{"caseId": value}, now.Add(-time.Duration(i)*time.Hour))
		require.Equal(t, value, p.Change.To.Attributes["caseId"])
	}
}

func TestWhatAHookSetsIsNewerWithinAMicrosecondToo(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 500, time.UTC)
	p := &Plan{Change: &store.Change{ID: "c", To: conversation.State(&conversation.Conversation{ID: "c"}, conversation.Statement{By: conversation.SourceREST, At: now, Seen: now})}}
	for _, value := range []string{"2", "1", "3", "0"} {
		p.SetAttributes(map[string]string{"caseId": value, "of " + value: value}, now)
		require.Equal(t, value, p.Change.To.Attributes["caseId"])
		require.Equal(t, value, p.Change.To.Attributes["of "+value])
	}
}
