package conversation

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var epoch = time.Date(2025, 1, 10, 9, 0, 0, 0, time.UTC)

func at(ms int) time.Time { return epoch.Add(time.Duration(ms) * time.Millisecond) }

// drawPartial composes what one message of any source may state about one
// conversation: few ids and few values, so that statements collide.
func drawPartial(t *rapid.T) *Conversation {
	pick := func(label string, values ...string) string { return rapid.SampledFrom(values).Draw(t, label) }
	when := func(label string) time.Time {
		if rapid.Bool().Draw(t, label+" known") {
			return at(rapid.IntRange(0, 5).Draw(t, label) * 1000)
		}
		return time.Time{}
	}
	tags := func(label string) []string {
		return rapid.SampledFrom([][]string{nil, {}, {"t1"}, {"t2", "t1"}}).Draw(t, label)
	}
	c := &Conversation{ID: "c",
		Resolutions: ListOf(Resolution{pick("resolution queue", "q1", "q2"), "u", when("resolved"), int64(rapid.IntRange(0, 1).Draw(t, "avoided"))}),
		Start:       when("start"), RecordedEnd: when("end"),
		ExternalTag: pick("tag", "", "a", "b"), DivisionIDs: []string{pick("division", "d1", "d2")},
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "participants") {
		p := &Participant{ID: pick("participant", "", "p1", "p2", "p3"), Purpose: Purpose(pick("purpose", "", "customer", "acd", "agent", "user", "api")),
			UserID: pick("user", "", "u1", "u2"), QueueID: pick("queue", "", "q1", "q2"), QueueName: pick("queue name", "", "n1", "n2"), End: when("participant end"),
			WrapUpRequired: rapid.Bool().Draw(t, "wrap-up required")}
		switch rapid.IntRange(0, 3).Draw(t, "attributes") {
		case 1:
			p.Attributes = map[string]string{} // as messages have it
		case 2, 3:
			p.Attributes = map[string]string{pick("attribute", "k1", "k 2"): pick("value", "", "v1", "v2")}
		}
		for k := range rapid.IntRange(0, 2).Draw(t, "sessions") {
			s := &Session{ID: pick("session", "s1", "s2", "s3", "s4"), MediaType: MediaType(pick("media", "voice", "callback"))}
			if rapid.IntRange(0, 4).Draw(t, "shadow") == 0 && p.ID != "" {
				s = ShadowSession(p.ID, s.MediaType)
			}
			s.State = SessionState(pick("state", "", "alerting", "connected", "terminated", "novel"))
			s.Start, s.ConnectedTime, s.DisconnectedTime = when("session start"), when("connected"), when("disconnected")
			s.DisconnectType = DisconnectType(pick("disconnect", "", "client", "peer", "transfer"))
			s.WrapUpCode, s.WrapUpName, s.WrapUpNote = pick("code", "", "w1", "w2"), pick("code name", "", "n1", "n2"), pick("note", "", "n1", "n2")
			s.WrapUpTags = tags("tag")
			s.FlowID, s.FlowName = pick("flow", "", "f1", "f2"), pick("flow name", "", "n1", "n2")
			s.Held, s.PeerID = rapid.Bool().Draw(t, "held"), pick("peer", "", "s9")
			if rapid.Bool().Draw(t, "facts") {
				s.InteractingDurationMs = int64(rapid.IntRange(0, 1).Draw(t, "interacting") * 1000)
				s.AnsweredUserID = pick("answered", "", "u1")
				s.Starts, s.Ends = []time.Time{at(rapid.IntRange(0, 3).Draw(t, "fact start"))}, []time.Time{at(rapid.IntRange(1, 4).Draw(t, "fact end"))}
			}
			var outcomes []FlowOutcome
			for range rapid.IntRange(0, 2).Draw(t, "outcomes") {
				outcomes = append(outcomes, FlowOutcome{pick("outcome", "o1", "o2"), pick("outcome value", "", "FAILURE", "SUCCESS"), at(rapid.IntRange(0, 1).Draw(t, "outcome start")), when("outcome end")})
			}
			s.FlowOutcomes = ListOf(outcomes...)
			if rapid.Bool().Draw(t, "stats") {
				s.MediaEndpointStats = ListOf(MediaEndpointStat{EventTime: at(rapid.IntRange(0, 1).Draw(t, "stat")), ReceivedPackets: int64(rapid.IntRange(0, 1).Draw(t, "packets"))})
			}
			if rapid.Bool().Draw(t, "empty lists") {
				s.Segments, s.Metrics = []*Segment{}, []Metric{}
			}
			for range rapid.IntRange(0, 2).Draw(t, "segments") {
				s.Segments = append(s.Segments, &Segment{Type: SegmentType(pick("segment", "alert", "interact", "wrapup")), Start: when("segment start"), End: when("segment end"),
					WrapUpCode: pick("segment code", "", "w1", "w2"), WrapUpNote: pick("segment note", "", "n1", "n2"), WrapUpTags: tags("segment tag")})
			}
			for range rapid.IntRange(0, 2).Draw(t, "metrics") {
				s.Metrics = append(s.Metrics, Metric{Name: pick("metric", "tTalk", "tAnswered"), EmitDate: when("emit"), Value: int64(rapid.IntRange(0, 2).Draw(t, "metric value"))})
			}
			s.SegmentsEnded = rapid.Bool().Draw(t, "segments ended")
			p.Sessions = append(p.Sessions, s)
			_ = k
		}
		c.Participants = append(c.Participants, p)
		_ = i
	}
	for range rapid.IntRange(0, 2).Draw(t, "surveys") {
		c.Surveys = append(c.Surveys, &Survey{ID: pick("survey", "v1", "v2"), Status: drawSurveyStatus(t), EventTime: when("survey time"),
			CompletedDate: when("completed"), Partial: rapid.Bool().Draw(t, "partial"), TotalScore: drawScore(t), ErrorReason: pick("reason", "", "r"),
			QueueID: pick("survey queue", "", "q1", "q2")})
	}
	for range rapid.IntRange(0, 2).Draw(t, "evaluations") {
		c.Evaluations = append(c.Evaluations, &Evaluation{ID: pick("evaluation", "e1", "e2"), Status: drawEvaluationStatus(t),
			ChangedDate: when("changed"), EventTime: when("evaluation time"), ReleaseDate: when("release"),
			Released: rapid.Bool().Draw(t, "released"), Rescored: rapid.Bool().Draw(t, "rescored"), Deleted: rapid.Bool().Draw(t, "deleted"),
			AgentHasRead: rapid.Bool().Draw(t, "read"), AssigneeID: pick("assignee", "", "u1"), FormID: pick("form", "", "f1", "f2"),
			TotalScore: drawScore(t), TotalCriticalScore: drawScore(t), Comments: pick("comments", "", "good", "bad"), DisputeCount: int64(rapid.IntRange(0, 2).Draw(t, "disputes"))})
	}
	for range rapid.IntRange(0, 2).Draw(t, "transfers") {
		c.Transfers = append(c.Transfers, &Transfer{ID: pick("transfer", "t1", "t2"), State: pick("transfer state", "pending", "complete")})
	}
	by := Source(rapid.IntRange(int(SourceHint), int(SourceHost)).Draw(t, "source"))
	return State(c, Statement{By: by, At: when("at"), Seen: at(rapid.IntRange(0, 3).Draw(t, "seen"))})
}

func drawSurveyStatus(t *rapid.T) SurveyStatus {
	return rapid.SampledFrom([]SurveyStatus{"", SurveyPending, SurveySent, SurveyInProgress, SurveyFinished, SurveyError, SurveyExpired, "Novel"}).Draw(t, "survey status")
}

func drawEvaluationStatus(t *rapid.T) EvaluationStatus {
	return rapid.SampledFrom([]EvaluationStatus{"", EvaluationPending, EvaluationInProgress, EvaluationFinished, EvaluationInReview, EvaluationRetracted}).Draw(t, "evaluation status")
}

// drawScore draws scores of which some are others, rounded.
func drawScore(t *rapid.T) *float64 {
	score := rapid.SampledFrom([]float64{-1, 0, 60, 84, 84.21, 84.4, 83.6}).Draw(t, "score")
	if score < 0 {
		return nil
	}
	return &score
}

// dump writes out everything that Merge works on, stamps included.
func dump(c *Conversation) string {
	var b strings.Builder
	visible, _ := json.Marshal(c)
	fmt.Fprintf(&b, "%s %v %v %v\n", visible, c.stamps, c.attributes, c.RecordedEnd)
	for _, p := range c.Participants {
		fmt.Fprintln(&b, p.ID, p.stamps, p.attributes, queueName.said(p))
		for _, s := range append(slices.Clone(p.Sessions), p.shadows.All()...) {
			fmt.Fprintln(&b, " ", s.ID, s.stamps, s.owner, s.segmentsBy, s.overBySegments, s.SegmentsEnded, s.Starts, s.Ends, s.Metrics,
				wrapUpName.said(s), wrapUpNote.said(s), flowName.said(s))
			for _, g := range s.Segments {
				fmt.Fprintln(&b, "   ", g.Type, g.Start, g.stamps, segmentNote.said(g))
			}
		}
	}
	return b.String()
}

func requireSame(t require.TestingT, want, got *Conversation) {
	require.Equal(t, dump(want), dump(got))
	require.Equal(t, want, got)
}

func TestMergeIsCommutative(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawPartial(t), drawPartial(t)
		requireSame(t, Merge(a, b), Merge(b, a))
	})
}

func TestMergeIsAssociative(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := drawPartial(t), drawPartial(t), drawPartial(t)
		requireSame(t, Merge(Merge(a, b), c), Merge(a, Merge(b, c)))
	})
}

func TestMergeIsIdempotent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawPartial(t), drawPartial(t)
		ab := Merge(a, b)
		require.Same(t, ab, Merge(ab, b), "saying it again changes nothing")
		require.Same(t, ab, Merge(ab, a))
		require.Equal(t, ab, Merge(ab, ab))
	})
}

func TestMergeGivesTheSameForAnyOrderAndRepetition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		said := rapid.SliceOfN(rapid.Custom(drawPartial), 1, 6).Draw(t, "said")
		var want *Conversation
		for _, c := range said {
			want = Merge(want, c)
		}
		var got *Conversation
		for _, i := range rapid.Permutation(append(indexes(said), indexes(said)...)).Draw(t, "order") {
			got = Merge(got, said[i])
		}
		requireSame(t, want, got)
	})
}

func indexes[T any](s []T) []int {
	var is []int
	for i := range s {
		is = append(is, i)
	}
	return is
}

// TestMergeLeavesItsArgumentsAlone: results share what did not change with
// both arguments, so neither those nor earlier results may change later.
func TestMergeLeavesItsArgumentsAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Custom(drawPartial), 2, 5).Draw(t, "said")
		var dumps []string
		for _, c := range all {
			dumps = append(dumps, dump(c))
		}
		for range rapid.IntRange(1, 6).Draw(t, "merges") {
			i, k := rapid.IntRange(0, len(all)-1).Draw(t, "first"), rapid.IntRange(0, len(all)-1).Draw(t, "second")
			joined := Merge(all[i], all[k])
			all, dumps = append(all, joined), append(dumps, dump(joined))
		}
		for i, c := range all {
			require.Equal(t, dumps[i], dump(c), "%d has changed", i)
		}
	})
}

// TestOnlyDerivedFieldsHaveAValueThatNobodyStates: Diff looks at no others.
func TestOnlyDerivedFieldsHaveAValueThatNobodyStates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawPartial(t)
		for range rapid.IntRange(0, 4).Draw(t, "merges") {
			c = Merge(c, drawPartial(t))
		}
		requireStated(t, conversationFields, c)
		for _, p := range c.Participants {
			requireStated(t, participantFields, p)
			for _, s := range slices.Concat(p.Sessions, p.shadows.All()) {
				requireStated(t, sessionFields, s)
				for _, g := range s.Segments {
					requireStated(t, segmentFields, g)
				}
			}
		}
		for _, x := range c.Transfers {
			requireStated(t, transferFields, x)
		}
		for _, x := range c.Surveys {
			requireStated(t, surveyFields.schema, x)
		}
		for _, x := range c.Evaluations {
			requireStated(t, evaluationFields.schema, x)
		}
	})
}

func requireStated[E any](t require.TestingT, s schema[E], e *E) {
	known := s.present(e)
	for i, f := range s.fields {
		require.True(t, known.has(i) || f.zero(e), "nobody states %s", f.Name)
	}
}
