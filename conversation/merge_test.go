package conversation

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// say states a conversation with one participant and one session.
func say(by Source, atMs int, fill func(*Participant, *Session)) *Conversation {
	p := &Participant{ID: "p", Sessions: []*Session{{ID: "s"}}}
	fill(p, p.Sessions[0])
	st := Statement{By: by, At: at(atMs), Seen: at(atMs)}
	if by.untimed() {
		st.At = time.Time{}
	}
	return State(&Conversation{ID: "c", Participants: []*Participant{p}}, st)
}

// both demands that two statements give the same in either order, and returns
// the session.
func both(t *testing.T, a, b *Conversation) *Session {
	t.Helper()
	ab := Merge(a, b)
	require.Equal(t, ab, Merge(b, a))
	_, s := ab.Session("s")
	return s
}

func TestTheHigherSourceIsBelieved(t *testing.T) {
	ani := func(v string) func(*Participant, *Session) { return func(_ *Participant, s *Session) { s.ANI = v } }
	require.Equal(t, "record", both(t, say(SourceDetailEvent, 9, ani("event")), say(SourceAnalytics, 1, ani("record"))).ANI)
	require.Equal(t, "snapshot", both(t, say(SourceDetailEvent, 9, ani("event")), say(SourceTopic, 0, ani("snapshot"))).ANI)
	require.Equal(t, "record", both(t, say(SourceREST, 9, ani("rest")), say(SourceAnalytics, 1, ani("record"))).ANI)
	provider := func(v string) func(*Participant, *Session) {
		return func(_ *Participant, s *Session) { s.Provider = v }
	}
	require.Equal(t, "a rest", both(t, say(SourceREST, 1, provider("a rest")), say(SourceTopic, 9, provider("snapshot"))).Provider, "what never changes")
}

func TestAmongEqualSourcesTheLaterMessageIsBelieved(t *testing.T) {
	ani := func(v string) func(*Participant, *Session) { return func(_ *Participant, s *Session) { s.ANI = v } }
	require.Equal(t, "a", both(t, say(SourceDetailEvent, 2, ani("a")), say(SourceDetailEvent, 1, ani("b"))).ANI)
	require.Equal(t, "b", both(t, say(SourceDetailEvent, 1, ani("a")), say(SourceDetailEvent, 1, ani("b"))).ANI, "at the same time the greater value")
}

func TestALegOnlyMovesForward(t *testing.T) {
	state := func(v SessionState) func(*Participant, *Session) {
		return func(_ *Participant, s *Session) { s.State = v }
	}
	for _, pair := range [][2]SessionState{{StateAlerting, StateConnected}, {StateConnected, StateDisconnected}, {StateScheduled, StateAlerting},
		{"novel", StateConnected}, {StateNone, StateScheduled}} {
		require.Equal(t, pair[1], both(t, say(SourceAnalytics, 9, state(pair[0])), say(SourceTopic, 1, state(pair[1]))).State, pair)
	}
}

func TestWhatGoesBackAndForthIsAsTheNewestSaw(t *testing.T) {
	held := func(v bool) func(*Participant, *Session) { return func(_ *Participant, s *Session) { s.Held = v } }
	require.False(t, both(t, say(SourceTopic, 1, held(true)), say(SourceTopic, 2, held(false))).Held, "a snapshot without the flag takes it away")
	require.True(t, both(t, say(SourceTopic, 3, held(true)), say(SourceREST, 2, held(false))).Held, "whatever the source")
}

func TestASessionBelongsToTheParticipantOfTheHigherSource(t *testing.T) {
	topic := State(&Conversation{ID: "c", Participants: []*Participant{
		{ID: "p1", Purpose: PurposeAgent, UserID: "u", Sessions: []*Session{{ID: "s1"}}},
		{ID: "p2", Purpose: PurposeAgent, UserID: "u", Sessions: []*Session{{ID: "s2"}}},
	}}, Statement{By: SourceTopic})
	record := State(&Conversation{ID: "c", Participants: []*Participant{
		{ID: "p1", Purpose: PurposeAgent, UserID: "u", Sessions: []*Session{{ID: "s1"}, {ID: "s2"}}},
	}}, Statement{By: SourceAnalytics})
	for _, c := range []*Conversation{Merge(topic, record), Merge(record, topic)} {
		p, s := c.Session("s2")
		require.NotNil(t, s)
		require.Equal(t, "p1", p.ID)
		require.Empty(t, c.Participant("p2").Sessions)
	}
}

func TestTheAnswerGoesToTheLegAndNotToItsHiddenShadow(t *testing.T) {
	told := func(by Source, ps ...*Participant) *Conversation {
		return State(&Conversation{ID: "c", Participants: ps}, Statement{By: by, Seen: at(9)})
	}
	shadow := ShadowSession("p", MediaVoice)
	shadow.Start = at(3)
	facts := told(SourceDetailEvent,
		&Participant{ID: "q", Purpose: PurposeACD, Sessions: []*Session{{ID: "v", MediaType: MediaVoice, AnsweredUserID: "u", Starts: []time.Time{at(0)}, Ends: []time.Time{at(5)}}}},
		&Participant{ID: "p", Purpose: PurposeAgent, UserID: "u", Sessions: []*Session{{ID: "s", MediaType: MediaVoice, Start: at(1), Starts: []time.Time{at(1)}}}})
	topic := told(SourceMediaTopic, &Participant{ID: "p", Purpose: PurposeAgent, UserID: "u", Sessions: []*Session{shadow}})
	tag := State(&Conversation{ID: "c", ExternalTag: "x"}, Statement{By: SourceHost})
	last := Merge(Merge(facts, tag), topic)
	requireSame(t, Merge(Merge(facts, topic), tag), last)
	_, s := last.Session("s")
	require.Equal(t, StateConnected, s.State)
}

func TestAnAttributeThatAnotherSourceRepeatsIsWritten(t *testing.T) {
	told := func(by Source, seconds int) *Conversation {
		return say(by, seconds, func(p *Participant, _ *Session) { p.Attributes = map[string]string{"k": "v"} })
	}
	stored := Merge(nil, told(SourceREST, 1))
	again := Merge(stored, told(SourceTopic, 3))
	require.NotEmpty(t, Diff(stored, again).Participants, "else what was said in between would win after a restart")
}

func TestASessionWithoutAParticipantJoinsTheOneOfItsId(t *testing.T) {
	metric := State(&Conversation{ID: "c", Participants: []*Participant{{Sessions: []*Session{{ID: "s", Metrics: []Metric{{Name: "tTalk", EmitDate: at(5), Value: 7}}}}}}},
		Statement{By: SourceAnalytics})
	leg := say(SourceTopic, 0, func(p *Participant, s *Session) { s.State = StateConnected })
	s := both(t, metric, leg)
	require.Len(t, s.Metrics, 1)
	require.Len(t, Merge(metric, leg).Participants, 1)
	alone := Merge(nil, metric)
	require.Len(t, alone.Participants, 1)
	require.Empty(t, alone.Participants[0].ID)
}

func TestSegmentsAreTakenFromTheHighestSourceThatHasAny(t *testing.T) {
	cut := func(types ...SegmentType) func(*Participant, *Session) {
		return func(_ *Participant, s *Session) {
			for i, ty := range types {
				s.Segments = append(s.Segments, &Segment{Type: ty, Start: at(i)})
			}
		}
	}
	s := both(t, say(SourceREST, 9, cut(SegmentAlert, SegmentInteract, SegmentScheduled)), say(SourceAnalytics, 1, cut(SegmentInteract)))
	require.Len(t, s.Segments, 1)
}

func TestAMediaTopicFillsWhatOthersLeaveOpenAboutTheLeg(t *testing.T) {
	detail := say(SourceDetailEvent, 1, func(p *Participant, s *Session) {
		p.Purpose, p.UserID = PurposeAgent, "u"
		s.MediaType, s.Starts, s.Start = MediaVoice, []time.Time{at(0)}, at(0)
	})
	shadow := ShadowSession("p", MediaVoice)
	shadow.State, shadow.ConnectedTime = StateConnected, at(8000)
	topic := State(&Conversation{ID: "c", Participants: []*Participant{{ID: "p", Purpose: PurposeAgent, UserID: "u", Sessions: []*Session{shadow}}}},
		Statement{By: SourceMediaTopic, Seen: at(9000)})
	s := both(t, detail, topic)
	require.Equal(t, at(8000), s.ConnectedTime)
	require.Len(t, Merge(detail, topic).Participants[0].Sessions, 1, "it is one leg")
	require.Len(t, Merge(nil, topic).Participants[0].Sessions, 1, "alone it stands for itself")
}

func TestDifferentConversationsAreNotMerged(t *testing.T) {
	require.Panics(t, func() { Merge(&Conversation{ID: "a"}, &Conversation{ID: "b"}) })
}

func TestOnlyWhatChangedIsWritten(t *testing.T) {
	many := &Conversation{ID: "c"}
	for i := range 100 {
		id := string(rune('a'+i/26)) + string(rune('a'+i%26))
		many.Participants = append(many.Participants, &Participant{ID: "p" + id, Purpose: PurposeAgent, UserID: "u" + id,
			Sessions: []*Session{{ID: "s" + id, State: StateConnected, ConnectedTime: at(i)}}})
	}
	before := Merge(nil, State(many, Statement{By: SourceTopic, Seen: at(1)}))
	change := func(s *Session) Delta {
		s.ID = "saa"
		after := Merge(before, State(&Conversation{ID: "c", Participants: []*Participant{{ID: "paa", Sessions: []*Session{s}}}}, Statement{By: SourceDetailEvent, At: at(2), Seen: at(2)}))
		d := Diff(before, after)
		require.Len(t, d.Sessions, 1)
		require.Empty(t, d.Participants)
		return d
	}
	require.Equal(t, 1, change(&Session{Subject: "a refund"}).Size())
	left := change(&Session{State: StateTerminated, DisconnectedTime: at(5000), DisconnectType: DisconnectPeer})
	require.True(t, left.Conversation, "who has it now is the conversation's")
	require.Equal(t, 2, left.Size())
	require.Len(t, Diff(nil, before).Sessions, 100)
	require.True(t, Diff(before, before).Empty())
}

func TestEmptyMapsAndListsSayNothing(t *testing.T) {
	with := func(queue string, attributes map[string]string, segments []*Segment, metrics []Metric, seen int) *Conversation {
		return State(&Conversation{ID: "c", Participants: []*Participant{{ID: "p", QueueID: queue, Attributes: attributes,
			Sessions: []*Session{{ID: "s", Segments: segments, Metrics: metrics}}}}}, Statement{By: SourceTopic, Seen: at(seen)})
	}
	both(t, with("", nil, nil, nil, 1), with("q", map[string]string{}, []*Segment{}, []Metric{}, 2))
}

func TestAShadowIsHiddenAsSoonAsItsLegIsKnown(t *testing.T) {
	with := func(media MediaType, by Source, ms int) *Conversation {
		shadow := ShadowSession("p", MediaVoice)
		shadow.ConnectedTime = at(1000)
		return State(&Conversation{ID: "c", Participants: []*Participant{{ID: "p", Purpose: PurposeCustomer,
			Sessions: []*Session{shadow, {ID: "s", MediaType: media, ConnectedTime: at(2000)}}}}}, Statement{By: by, At: at(ms), Seen: at(ms)})
	}
	callback, voice := with(MediaCallback, SourceTopic, 0), with(MediaVoice, SourceREST, 1000)
	both(t, callback, voice)
	require.Len(t, Merge(callback, voice).Participants[0].Sessions, 1)
}

// TestAMediaTopicMovesTheLegOn: what goes forward, and what goes back and
// forth, is as the newest message has it, also when it does not name the leg.
func TestAMediaTopicMovesTheLegOn(t *testing.T) {
	whole := say(SourceREST, 1000, func(p *Participant, s *Session) {
		p.Purpose, p.UserID = PurposeAgent, "u"
		s.MediaType, s.State, s.ConnectedTime, s.Held, s.DisconnectType = MediaVoice, StateConnected, at(500), true, DisconnectPeer
	})
	shadow := ShadowSession("p", MediaVoice)
	shadow.State, shadow.DisconnectType, shadow.DisconnectedTime = StateTerminated, DisconnectClient, at(9000)
	topic := State(&Conversation{ID: "c", Participants: []*Participant{{ID: "p", Purpose: PurposeAgent, UserID: "u", Sessions: []*Session{shadow}}}},
		Statement{By: SourceMediaTopic, Seen: at(9000)})
	s := both(t, whole, topic)
	require.Equal(t, StateTerminated, s.State)
	require.Equal(t, DisconnectClient, s.DisconnectType)
	require.Equal(t, at(9000), s.DisconnectedTime)
	require.False(t, s.Held)

	second := State(&Conversation{ID: "c", Participants: []*Participant{{ID: "p", Sessions: []*Session{{ID: "s2", MediaType: MediaVoice, State: StateAlerting}}}}},
		Statement{By: SourceTopic, Seen: at(8000)})
	_, s = Merge(Merge(whole, topic), second).Session("s")
	require.Equal(t, StateConnected, s.State, "of two legs the topic shows none for sure: the facts are there again")
}

// TestAMediaTopicSaysAnew: what Genesys restates is as the newest snapshot has it,
// also when that does not name the leg.
func TestAMediaTopicSaysAnew(t *testing.T) {
	due := func(by Source, s *Session, seen, due int) *Conversation {
		s.MediaType, s.CallbackScheduledTime = MediaCallback, at(due)
		return State(&Conversation{ID: "c", Participants: []*Participant{{ID: "p", Sessions: []*Session{s}}}}, Statement{By: by, Seen: at(seen)})
	}
	shadow := func() *Session { return ShadowSession("p", MediaCallback) }
	require.Equal(t, at(12), both(t, due(SourceREST, &Session{ID: "s"}, 1, 15), due(SourceMediaTopic, shadow(), 2, 12)).CallbackScheduledTime)
	require.Equal(t, at(15), both(t, due(SourceREST, &Session{ID: "s"}, 2, 15), due(SourceMediaTopic, shadow(), 1, 12)).CallbackScheduledTime)
	require.Equal(t, at(15), both(t, due(SourceAnalytics, &Session{ID: "s"}, 1, 15), due(SourceMediaTopic, shadow(), 2, 12)).CallbackScheduledTime)
}

// What a session has said once must not be told by it for ever: each snapshot
// would have to be copied to add it.
func TestASnapshotOfALegIsTakenAsItIsThroughoutTheLegsLife(t *testing.T) {
	var known *Conversation
	for i, state := range []SessionState{StateAlerting, StateAlerting, StateConnected, StateConnected} {
		snapshot := say(SourceTopic, i, func(p *Participant, s *Session) { p.Purpose, s.MediaType, s.State = PurposeAgent, MediaVoice, state })
		known = Merge(known, snapshot)
		require.True(t, known.Legs()[0].Alerted)
		require.Same(t, snapshot.Participants[0].Sessions[0], known.Participants[0].Sessions[0], "snapshot %d, %s", i, state)
	}
}
