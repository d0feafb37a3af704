package conversation

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestTheTableOfRulesIsWhatTheCodeDoes holds FIELDS.md to the tables of fields.
func TestTheTableOfRulesIsWhatTheCodeDoes(t *testing.T) {
	text, err := os.ReadFile("FIELDS.md")
	require.NoError(t, err)
	written := map[string]string{} // "Session queueId" to its rule
	entity := ""
	for line := range strings.Lines(string(text)) {
		if name, is := strings.CutPrefix(strings.TrimSpace(line), "## "); is {
			entity = name
		}
		cells := strings.Split(line, "|")
		if entity == "" || len(cells) != 5 || !strings.Contains(cells[1], "`") {
			continue
		}
		require.NotEmpty(t, strings.TrimSpace(cells[3]), "the reason is missing: %s", line)
		for _, field := range strings.Split(cells[2], ",") {
			key := entity + " " + strings.TrimSpace(field)
			require.NotContains(t, written, key, "it is there twice")
			written[key] = strings.Trim(strings.TrimSpace(cells[1]), "`")
		}
	}
	inCode := map[string]string{}
	eachTable(func(entity, field string, r rule) { inCode[entity+" "+field] = r.String() })
	require.Equal(t, inCode, written, "a field, its rule and the reason for it belong into FIELDS.md")
}

// eachTable calls do with every field that is settled on its own.
func eachTable(do func(entity, field string, r rule)) {
	rulesOf("Conversation", conversationFields, do)
	rulesOf("Participant", participantFields, do)
	rulesOf("Session", sessionFields, do)
	rulesOf("Segment", segmentFields, do)
	rulesOf("Transfer", transferFields, do)
}

func rulesOf[E any](entity string, s schema[E], do func(entity, field string, r rule)) {
	for _, f := range s.fields {
		do(entity, f.Name, f.rule)
	}
}

// TestWhatIsRestatedIsAsItWasSaidLast states each field that has no order of
// its own with two values, the greater first and the lesser first, by every
// source that restates.
func TestWhatIsRestatedIsAsItWasSaidLast(t *testing.T) {
	for _, by := range []Source{SourceMediaTopic, SourceTopic, SourceMediaREST, SourceREST, SourceAnalytics} {
		first, second := Statement{By: by, Seen: at(9_000_000)}, Statement{By: by, Seen: at(9_500_000)}
		if !by.untimed() {
			first.At, second.At = at(0), at(0) // both mention the same times
		}
		restate(t, conversationFields, first, second)
		restate(t, participantFields, first, second)
		restate(t, sessionFields, first, second)
		restate(t, segmentFields, first, second)
	}
}

// TestAMetricIsAsItWasStatedLast: of two statements of one emission that mention
// the same times the one that was read later is newer.
func TestAMetricIsAsItWasStatedLast(t *testing.T) {
	told := func(by Source, value, atMs, seenMs int) *Conversation {
		return State(&Conversation{ID: "c", Participants: []*Participant{{ID: "p", Sessions: []*Session{{ID: "s", Metrics: []Metric{{"tHandle", at(1000), int64(value), 0}}}}}}},
			Statement{By: by, At: at(atMs), Seen: at(seenMs)})
	}
	for name, c := range map[string]struct{ was, is *Conversation }{
		"read later, greater":                                  {told(SourceAnalytics, 50, 1000, 61_000), told(SourceAnalytics, 60, 1000, 62_000)},
		"read later, lesser":                                   {told(SourceAnalytics, 60, 1000, 61_000), told(SourceAnalytics, 50, 1000, 62_000)},
		"mentions later times, read earlier":                   {told(SourceAnalytics, 60, 1000, 99_000), told(SourceAnalytics, 50, 2000, 62_000)},
		"after a metric record of its own time":                {told(SourceAnalytics, 60, 1000, 1000), told(SourceAnalytics, 50, 1000, 62_000)},
		"by a higher source, of an earlier time":               {told(SourceAnalytics, 60, 9000, 99_000), told(SourceHost, 50, 1000, 62_000)},
		"of an earlier version, which kept no time of reading": {ofEarlierVersion(told(SourceAnalytics, 60, 1000, 61_000), at(1000)), told(SourceAnalytics, 50, 1000, 61_000)},
	} {
		s := both(t, c.was, c.is)
		_, last := Merge(nil, c.is).Session("s")
		require.Equal(t, last.Metrics, s.Metrics, name)
		requireKept(t, Merge(c.was, c.is))
	}
}

func ofEarlierVersion(c *Conversation, at time.Time) *Conversation {
	c.Participants[0].Sessions[0].Metrics[0].stamp = bySource(SourceAnalytics, at)
	return c
}

func restate[E any](t *testing.T, s schema[E], first, second Statement) {
	for i, f := range s.fields {
		if f.rule != settled && f.rule != newest {
			continue
		}
		for _, values := range [][2]int{{1, 2}, {2, 1}} {
			was, is := stating(s, i, values[0], first), stating(s, i, values[1], second)
			for _, joined := range []*E{s.join(was, is), s.join(is, was)} {
				require.Zero(t, f.compare(is, joined), "%s, restated by %s from value %d to %d", f.Name, first.By, values[0], values[1])
			}
		}
	}
}

var snapshots = []Source{SourceMediaTopic, SourceTopic, SourceMediaREST, SourceREST}

// TestOfAllSnapshotsTheOneThatWasReadLaterIsNewer: whether the API was asked or
// told by itself makes no difference to what it says anew.
func TestOfAllSnapshotsTheOneThatWasReadLaterIsNewer(t *testing.T) {
	for _, by := range snapshots {
		for _, later := range snapshots {
			first, second := Statement{By: by, Seen: at(1000)}, Statement{By: later, Seen: at(2000)}
			restate(t, conversationFields, first, second)
			restate(t, participantFields, first, second)
			restate(t, sessionFields, first, second)
			restate(t, segmentFields, first, second)
			endLater(t, conversationFields, first, second)
			endLater(t, participantFields, first, second)
			endLater(t, sessionFields, first, second)
			endLater(t, segmentFields, first, second)
		}
	}
}

// endLater demands that of two ends the later one stands, whoever was read first.
func endLater[E any](t *testing.T, s schema[E], first, second Statement) {
	for i, f := range s.fields {
		if f.rule != last {
			continue
		}
		for _, values := range [][2]int{{1, 2}, {2, 1}} {
			one, other := stating(s, i, values[0], first), stating(s, i, values[1], second)
			want := stating(s, i, 2, first)
			for _, joined := range []*E{s.join(one, other), s.join(other, one)} {
				require.Zero(t, f.compare(want, joined), "%s by %s and %s", f.Name, first.By, second.By)
			}
		}
	}
}

// TestACallbackThatIsMovedAfterItWasReadIsAsItIsTold is the case of it that was
// met first.
func TestACallbackThatIsMovedAfterItWasReadIsAsItIsTold(t *testing.T) {
	due := func(by Source, seen, due int) *Conversation {
		return say(by, seen, func(_ *Participant, s *Session) { s.MediaType, s.CallbackScheduledTime = MediaCallback, at(due) })
	}
	for _, later := range snapshots[:2] {
		joined := inEveryOrder(t, due(SourceTopic, 1, 15), due(SourceREST, 2, 15), due(later, 3, 12))
		_, s := joined.Session("s")
		require.Equal(t, at(12), s.CallbackScheduledTime)
	}
	joined := inEveryOrder(t, due(SourceTopic, 3, 12), due(SourceREST, 2, 15))
	_, s := joined.Session("s")
	require.Equal(t, at(12), s.CallbackScheduledTime, "the API was asked before it was told")
	joined = inEveryOrder(t, due(SourceTopic, 3, 12), due(SourceAnalytics, 2, 15))
	_, s = joined.Session("s")
	require.Equal(t, at(15), s.CallbackScheduledTime, "a record is above")
}

// TestWhatASnapshotOfAParticipantLeavesOutIsTakenBack: the forms of all snapshots have
// the contact, the organisation and the flag; detail events and records tell what is.
func TestWhatASnapshotOfAParticipantLeavesOutIsTakenBack(t *testing.T) {
	linked := func(by Source, seen int) *Conversation {
		return say(by, seen, func(p *Participant, _ *Session) {
			p.ExternalContactID, p.ExternalOrganizationID, p.FlaggedReason = "x", "o", "general"
		})
	}
	for by := SourceDetailEvent; by <= SourceHost; by++ {
		for later := SourceDetailEvent; later <= SourceHost; later++ {
			p := inEveryOrder(t, linked(by, 1), say(later, 2, func(*Participant, *Session) {})).Participants[0]
			want := []string{"x", "o", "general"}
			if later.snapshot() {
				want = []string{"", "", ""}
			}
			require.Equal(t, want, []string{p.ExternalContactID, p.ExternalOrganizationID, p.FlaggedReason}, "by %s, then not by %s", by, later)
			p = inEveryOrder(t, linked(by, 3), say(later, 2, func(*Participant, *Session) {})).Participants[0]
			require.Equal(t, []string{"x", "o", "general"}, []string{p.ExternalContactID, p.ExternalOrganizationID, p.FlaggedReason}, "by %s, before that not by %s", by, later)
		}
	}
}

// TestWhatHasAnOrderIsTheSameHoweverItWasHeard states each other field with
// two values: when they were read makes no difference.
func TestWhatHasAnOrderIsTheSameHoweverItWasHeard(t *testing.T) {
	for by := SourceHint; by <= SourceHost; by++ {
		early, late := Statement{By: by, Seen: at(1000)}, Statement{By: by, Seen: at(2000)}
		if !by.untimed() {
			early.At, late.At = at(0), at(0)
		}
		orderly(t, conversationFields, early, late)
		orderly(t, participantFields, early, late)
		orderly(t, sessionFields, early, late)
		orderly(t, segmentFields, early, late)
		orderly(t, transferFields, early, late)
	}
}

func orderly[E any](t *testing.T, s schema[E], early, late Statement) {
	for i, f := range s.fields {
		if f.rule == settled || f.rule == newest || f.rule == retired {
			continue
		}
		one := s.join(stating(s, i, 1, early), stating(s, i, 2, late))
		for _, other := range []*E{s.join(stating(s, i, 1, late), stating(s, i, 2, early)), s.join(stating(s, i, 2, early), stating(s, i, 1, late))} {
			require.Zero(t, f.compare(one, other), "%s by %s", f.Name, early.By)
		}
	}
}

// TestTheHigherSourceStands: a newer word of a lower source changes nothing
// where the source counts.
func TestTheHigherSourceStands(t *testing.T) {
	low, high := Statement{By: SourceTopic, Seen: at(99_000)}, Statement{By: SourceAnalytics, At: at(0), Seen: at(1000)}
	stands(t, conversationFields, low, high)
	stands(t, participantFields, low, high)
	stands(t, sessionFields, low, high)
	stands(t, segmentFields, low, high)
}

func stands[E any](t *testing.T, s schema[E], low, high Statement) {
	for i, f := range s.fields {
		switch f.rule {
		case settled, ranked, first, last:
		default:
			continue
		}
		for _, values := range [][2]int{{1, 2}, {2, 1}} {
			record := stating(s, i, values[0], high)
			require.Zero(t, f.compare(record, s.join(record, stating(s, i, values[1], low))), f.Name)
		}
	}
}

// stating returns an entity of which the statement says one field, with the
// lesser value 1 or the greater value 2. Flags can only be said to be on.
func stating[E any](s schema[E], field, value int, by Statement) *E {
	e := new(E)
	switch v := reflect.ValueOf(s.fields[field].Value(e)).Elem(); v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(at(value * 1000)))
	case []string:
		v.Set(reflect.ValueOf([]string{fmt.Sprint("v", value), "v3"}))
	case []int64:
		v.Set(reflect.ValueOf([]int64{int64(value), 3}))
	case []time.Time:
		v.Set(reflect.ValueOf([]time.Time{at(value * 1000)}))
	case *float64:
		x := float64(value)
		v.Set(reflect.ValueOf(&x))
	case List[FlowOutcome]:
		v.Set(reflect.ValueOf(ListOf(FlowOutcome{ID: "o", End: at(value * 1000)})))
	case List[FlowMilestone]:
		v.Set(reflect.ValueOf(ListOf(FlowMilestone{ID: fmt.Sprint("v", value)})))
	case List[MediaEndpointStat]:
		v.Set(reflect.ValueOf(ListOf(MediaEndpointStat{ReceivedPackets: int64(value)})))
	case List[Resolution]:
		v.Set(reflect.ValueOf(ListOf(Resolution{QueueID: "q", NextContactAvoided: int64(value)})))
	default:
		switch v.Kind() {
		case reflect.String:
			v.SetString(fmt.Sprint("v", value))
		case reflect.Bool:
			v.SetBool(value == 2 || !s.fields[field].flag || !by.By.snapshot())
		case reflect.Int64:
			v.SetInt(int64(value))
		default:
			panic(v.Type())
		}
	}
	s.state(e, by, nil)
	return e
}

var everyCause = []DisconnectType{DisconnectClient, DisconnectEndpoint, DisconnectPeer, DisconnectSystem, DisconnectTimeout,
	DisconnectTransfer, DisconnectConsultTransfer, DisconnectConferenceTransfer, DisconnectForwardTransfer, DisconnectNoAnswerTransfer,
	DisconnectNotAvailableTransfer, DisconnectDNDEndpoint, DisconnectDNDTransfer, DisconnectTransportFailure, DisconnectError,
	DisconnectSpam, DisconnectUncallable, DisconnectOther, DisconnectInactivity, DisconnectSessionExpired, DisconnectTakeover,
	"transfer.novel", "endpoint.novel", "peer.novel", "system.novel", "novel"}

// TestAnEndNeverBecomesLessSpecific: every pair of types, by every pair of
// sources, in both orders.
func TestAnEndNeverBecomesLessSpecific(t *testing.T) {
	for _, a := range everyCause {
		for _, b := range everyCause {
			for by := SourceHint; by <= SourceHost; by++ {
				for other := SourceHint; other <= SourceHost; other++ {
					first, second := ended(a, by, 2), ended(b, other, 1)
					joined := sessionFields.join(first, second).DisconnectType
					require.Equal(t, joined, sessionFields.join(second, first).DisconnectType)
					require.GreaterOrEqual(t, joined.cause().grade, max(a.cause().grade, b.cause().grade), "%s by %s, %s by %s", a, by, b, other)
				}
			}
			one, other := ended(a, SourceTopic, 1), ended(b, SourceTopic, 2)
			require.Equal(t, sessionFields.join(one, other).DisconnectType,
				sessionFields.join(ended(a, SourceTopic, 2), ended(b, SourceTopic, 1)).DisconnectType, "when topics were read makes no difference")
		}
	}
}

func ended(how DisconnectType, by Source, seen int) *Session {
	s := &Session{ID: "s", DisconnectType: how}
	st := Statement{By: by, Seen: at(seen * 1000)}
	if !by.untimed() {
		st.At = at(seen * 1000)
	}
	sessionFields.state(s, st, nil)
	return s
}

// TestPeerSaysLeast: whoever is named by any spelling of any other type that
// names somebody stays named while the leg winds down (C1).
func TestPeerSaysLeast(t *testing.T) {
	for _, how := range everyCause {
		if how == DisconnectPeer || how == DisconnectOther {
			continue
		}
		require.Equal(t, how, sessionFields.join(ended(how, SourceTopic, 1), ended(DisconnectPeer, SourceTopic, 2)).DisconnectType)
		require.Equal(t, how, sessionFields.join(ended(how, SourceTopic, 1), ended(DisconnectPeer, SourceAnalytics, 2)).DisconnectType)
	}
	require.Equal(t, DisconnectConsultTransfer,
		sessionFields.join(ended(DisconnectConsultTransfer, SourceMediaTopic, 1), ended(DisconnectTransfer, SourceAnalytics, 2)).DisconnectType, "C4")
}

func TestVariantsOfTransfersAreTold(t *testing.T) {
	for how, want := range map[DisconnectType][2]bool{
		"transfer.blind": {true, false}, "transfer.consult.merged": {true, true}, "CONSULTED_TRANSFER": {true, true},
		"transfer.consult.noanswer": {false, false}, "transfer.consult.canceled": {false, false},
		"transfer.novel": {true, false}, "NOVEL_TRANSFER": {true, false}, "novelTransfer": {true, false}, "transfer.novel.failed": {false, false}, "transfer.cancelled": {false, false},
		"transfer.endpoint.novel": {false, false}, "transfer.conference.novel": {false, false}, "transfer.forward.novel": {false, false}, "transfer.donotdisturb.novel": {false, false},
		"consult": {false, false}, DisconnectNoAnswerTransfer: {false, false},
	} {
		require.Equal(t, want, [2]bool{how.ByTransfer(), how.ByConsultTransfer()}, how)
	}
}

// TestAStoredStatementOfAnEarlierVersionIsRead: its stamps carry no reading
// time of snapshots. It is older than any statement that does.
func TestAStoredStatementOfAnEarlierVersionIsRead(t *testing.T) {
	stored := &Session{ID: "s", QueueID: "q-9"}
	queue := slices.IndexFunc(sessionFields.fields, func(f Field[Session]) bool { return f.Name == "queueId" })
	old := appendStamps(nil, stamps{{bySource(SourceTopic, time.Time{}), setOf(queue)}})
	require.NoError(t, stored.SetProvenance(append([]byte{0, 0, 0}, old...)))
	now := &Session{ID: "s", QueueID: "q-1"}
	sessionFields.state(now, Statement{By: SourceTopic, Seen: at(1)}, nil)
	require.Equal(t, "q-1", sessionFields.join(stored, now).QueueID)
}

// TestOfTwoRecordsThatMentionTheSameTheOneReadLaterIsNewer: however soon after
// the other, down to a five-hundredth of the time since what they mention.
func TestOfTwoRecordsThatMentionTheSameTheOneReadLaterIsNewer(t *testing.T) {
	moved := func(due int, read time.Duration) *Conversation {
		return State(&Conversation{ID: "c", Participants: []*Participant{{ID: "p", Sessions: []*Session{{ID: "s", CallbackScheduledTime: at(due)}}}}},
			Statement{By: SourceAnalytics, At: epoch, Seen: epoch.Add(read)})
	}
	for after := time.Millisecond; after < 400*24*time.Hour; after *= 3 {
		for _, due := range [][2]int{{15, 12}, {12, 15}} {
			was, is := moved(due[0], after), moved(due[1], after+after/400)
			for _, joined := range []*Conversation{Merge(was, is), Merge(is, was)} {
				_, s := joined.Session("s")
				require.Equal(t, at(due[1]), s.CallbackScheduledTime, "read after %s", after)
				for i, f := range SessionFields().List() {
					if f.Name == "callbackScheduledTime" {
						by, stated := SessionFields().Stated(s, i)
						require.Equal(t, SourceAnalytics, by)
						require.Equal(t, epoch, stated)
					}
				}
			}
		}
	}
}
