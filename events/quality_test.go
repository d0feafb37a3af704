//go:build !race

// All states in all orders take minutes under the race detector, which has nothing
// to watch there: all is done by one goroutine.

package events_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
)

var firstDay = time.Date(2025, 1, 10, 9, 0, 0, 0, time.UTC)

func onDay(n float64) time.Time {
	return firstDay.Add(time.Duration(n * 24 * float64(time.Hour)))
}

// A judgement is something that is said of an evaluation or a survey.
type judgement struct {
	of   *conversation.Conversation
	read time.Time
	text string
}

// evaluationStates are the states that a change can leave an evaluation in, on
// a day.
var evaluationStates = []struct {
	name string
	at   func(day float64) conversation.Evaluation
}{
	{"pending", func(float64) conversation.Evaluation {
		return conversation.Evaluation{Status: conversation.EvaluationPending, AssigneeID: "judge"}
	}},
	{"finished", func(float64) conversation.Evaluation {
		return conversation.Evaluation{Status: conversation.EvaluationFinished}
	}},
	{"released", func(day float64) conversation.Evaluation {
		return conversation.Evaluation{Status: conversation.EvaluationFinished, ReleaseDate: onDay(day), Released: true}
	}},
	{"rescored and released", func(day float64) conversation.Evaluation {
		return conversation.Evaluation{Status: conversation.EvaluationFinished, Rescored: true, ReleaseDate: onDay(day), Released: true}
	}},
	{"scheduled for before the next change", func(day float64) conversation.Evaluation {
		return conversation.Evaluation{Status: conversation.EvaluationFinished, ReleaseDate: onDay(day + 0.5)}
	}},
	{"scheduled for after the next change", func(day float64) conversation.Evaluation {
		return conversation.Evaluation{Status: conversation.EvaluationFinished, ReleaseDate: onDay(day + 1.5)}
	}},
	{"reopened", func(float64) conversation.Evaluation {
		return conversation.Evaluation{Status: conversation.EvaluationInProgress}
	}},
	{"retracted", func(float64) conversation.Evaluation {
		return conversation.Evaluation{Status: conversation.EvaluationRetracted}
	}},
	{"never to be released", func(day float64) conversation.Evaluation {
		return conversation.Evaluation{Status: conversation.EvaluationFinished, NeverRelease: true, ReleaseDate: onDay(day + 0.5)}
	}},
	{"deleted", func(float64) conversation.Evaluation {
		return conversation.Evaluation{Status: conversation.EvaluationFinished, Deleted: true}
	}},
}

// deleted is the state that only records tell: other sources do not show what
// is deleted.
const deleted = 9

var qualitySources = []conversation.Source{conversation.SourceREST, conversation.SourceAnalytics, conversation.SourceTopic}

// evaluationIs says, as a source of its kind does, which state a change has left
// the evaluation in.
func evaluationIs(state int, day float64, by conversation.Source) judgement {
	e := evaluationStates[state].at(day)
	e.ID = "e"
	switch by {
	case conversation.SourceAnalytics: // a record knows no dates
		e.EventTime, e.ReleaseDate = onDay(day), time.Time{}
	default:
		e.ChangedDate = onDay(day)
	}
	read := onDay(day).Add(time.Minute)
	return judgement{conversation.State(&conversation.Conversation{ID: "c", Evaluations: []*conversation.Evaluation{&e}}, conversation.Statement{By: by, Seen: read}),
		read, fmt.Sprintf("%s (%s, day %v)", evaluationStates[state].name, by, day)}
}

// announcer announces what is new as a tracker does, by its clock.
type announcer struct {
	c         *conversation.Conversation
	announced map[string]events.Event
}

func (a *announcer) hear(c *conversation.Conversation, now time.Time) {
	a.c = conversation.Merge(a.c, c)
	a.tick(now)
}

func (a *announcer) tick(now time.Time) {
	if a.announced == nil {
		a.announced = map[string]events.Event{}
	}
	wants := events.Wanted{Types: events.AllTypes}
	for _, e := range events.Unannounced(a.c, wants, func(id string) bool { return a.announced[id] != nil }) {
		if !e.Head().NotBefore().After(now) {
			a.announced[e.Head().ID] = e
		}
	}
}

// requireAnnounced demands that each fact of the joined state was announced
// once, and nothing else but what the facts that overturned it came after.
func (a *announcer) requireAnnounced(t require.TestingT, now time.Time, overturned func(events.Event) bool, said ...any) {
	rest := map[string]events.Event{}
	for id, e := range a.announced {
		rest[id] = e
	}
	for _, e := range events.Derive(a.c) {
		if e.Head().NotBefore().After(now) {
			continue
		}
		times := 0
		for _, id := range append(e.Head().Aliases(), e.Head().ID) {
			if rest[id] != nil {
				times++
				delete(rest, id)
			}
		}
		require.Equal(t, 1, times, said...)
	}
	for _, e := range rest {
		require.True(t, overturned(e), said...)
	}
}

func nothing(events.Event) bool { return false }

// A release that was planned and called off before its day is announced when the
// plan is heard after that day and the calling off last, after the settling time.
func planned(e events.Event) bool { return !e.Head().NotBefore().IsZero() }

// requireTheSameInEveryOrder demands that what is heard as it happens and what
// is heard long afterwards, in any order and repeated, is announced alike.
func requireTheSameInEveryOrder(t require.TestingT, orders [][]int, all ...judgement) {
	var said []any
	for _, j := range all {
		said = append(said, j.text)
	}
	said = []any{fmt.Sprint(said...)}
	end := onDay(99)
	live := &announcer{}
	for _, j := range all {
		for hour := range 48 {
			if live.c != nil && j.read.Add(-time.Duration(48-hour)*time.Hour).After(firstDay) {
				live.tick(j.read.Add(-time.Duration(48-hour) * time.Hour))
			}
		}
		live.hear(j.of, j.read)
	}
	live.tick(end)
	live.requireAnnounced(t, end, nothing, said...)
	want := conversation.Pack(nil, live.c)
	for _, order := range orders {
		late := &announcer{}
		for _, i := range order {
			late.hear(all[i].of, end)
			late.hear(all[order[0]].of, end)
		}
		require.Equal(t, want, conversation.Pack(nil, late.c), said...)
		late.requireAnnounced(t, end, planned, said...)
		stored, err := conversation.Unpack(want)
		require.NoError(t, err)
		require.Equal(t, len(events.Derive(late.c)), len(events.Derive(stored)), said...)
	}
}

func ordersOf(n int) (orders [][]int) {
	if n == 0 {
		return [][]int{{}}
	}
	for _, order := range ordersOf(n - 1) {
		for at := range n {
			orders = append(orders, slices.Insert(slices.Clone(order), at, n-1))
		}
	}
	return orders
}

// TestAReleaseIsAnnouncedInWhateverOrderItIsHeard: every three states of an
// evaluation one after the other, told by one source or by several, in every
// order.
func TestAReleaseIsAnnouncedInWhateverOrderItIsHeard(t *testing.T) {
	tellers := [][3]int{{0, 0, 0}, {1, 1, 1}, {2, 2, 2}, {0, 1, 0}, {1, 0, 1}, {2, 1, 0}}
	orders := ordersOf(3)
	states := len(evaluationStates)
	for n := range states * states * states {
		for _, by := range tellers {
			if n%states == deleted && by[0]*by[1] != 1 || n/states%states == deleted && by[1]*by[2] != 1 || n/states/states == deleted && by[2] != 1 {
				continue
			}
			requireTheSameInEveryOrder(t, orders, evaluationIs(n%states, 1, qualitySources[by[0]]),
				evaluationIs(n/states%states, 2, qualitySources[by[1]]), evaluationIs(n/states/states, 3, qualitySources[by[2]]))
		}
	}
}

// TestALongHistoryOfAnEvaluationIsAnnouncedInWhateverOrderItIsHeard draws
// histories of which each change is told by some of the sources. Where a release was
// planned, no record tells of a later release here: without its date that is taken
// for the planned one, as long as what came in between is not heard.
func TestALongHistoryOfAnEvaluationIsAnnouncedInWhateverOrderItIsHeard(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []judgement
		gone, planned := false, false
		for day := range rapid.IntRange(1, 5).Draw(t, "changes") {
			state := rapid.IntRange(0, len(evaluationStates)-1).Draw(t, "state")
			gone = gone || state == deleted
			for _, by := range qualitySources {
				record := by == conversation.SourceAnalytics
				later := planned && !evaluationIs(state, float64(day+1), conversation.SourceREST).of.Evaluations[0].ReleaseDate.IsZero()
				if gone && !record || later && record || !rapid.Bool().Draw(t, by.String()) {
					continue
				}
				all = append(all, evaluationIs(state, float64(day+1), by))
			}
			planned = planned || strings.HasPrefix(evaluationStates[state].name, "scheduled")
		}
		if len(all) == 0 {
			return
		}
		var order []int
		for i := range all {
			order = append(order, i)
		}
		requireTheSameInEveryOrder(t, [][]int{rapid.Permutation(order).Draw(t, "order")}, all...)
	})
}

// TestAPlanThatIsHeardWithItsCallingOffIsNotAnnounced: both after the planned day,
// within the settling time, in either order.
func TestAPlanThatIsHeardWithItsCallingOffIsNotAnnounced(t *testing.T) {
	const plan = 5 // for half a day after the change that calls it off
	for state, off := range evaluationStates {
		if e := off.at(3); e.Released || !e.ReleaseDate.IsZero() && !e.NeverRelease {
			continue
		}
		for _, by := range qualitySources {
			record := by == conversation.SourceAnalytics
			if state == deleted && !record || off.at(3).Status == conversation.EvaluationFinished && state != deleted && record {
				continue // a record knows no plans
			}
			for _, order := range ordersOf(2) {
				said := []judgement{evaluationIs(plan, 1, conversation.SourceREST), evaluationIs(state, 2, by)}
				l := newListener()
				for _, i := range order {
					l.hear(said[i].of)
				}
				l.announce(true)
				require.Empty(t, l.further(), "%v %s", order, said[1].text)
			}
		}
	}
}

// TestASurveyThatWasFinishedIsAnnouncedInWhateverOrderItIsHeard: every three
// states, told by the quality API, by records, or by both.
func TestASurveyThatWasFinishedIsAnnouncedInWhateverOrderItIsHeard(t *testing.T) {
	states := []conversation.SurveyStatus{conversation.SurveyPending, conversation.SurveySent, conversation.SurveyInProgress, conversation.SurveyFinished,
		conversation.SurveyError, conversation.SurveyExpired, conversation.SurveyOptOut, "Novel"}
	is := func(state int, day float64, by conversation.Source) judgement {
		s := &conversation.Survey{ID: "s", Status: states[state]}
		if s.Status == conversation.SurveyFinished {
			s.CompletedDate = onDay(day)
		}
		if by == conversation.SourceAnalytics {
			s.EventTime = onDay(day)
		}
		read := onDay(day).Add(time.Minute)
		return judgement{conversation.State(&conversation.Conversation{ID: "c", Surveys: []*conversation.Survey{s}}, conversation.Statement{By: by, Seen: read}),
			read, fmt.Sprintf("%s (%s, day %v)", states[state], by, day)}
	}
	orders := ordersOf(3)
	for n := range len(states) * len(states) * len(states) {
		for _, by := range [][3]int{{0, 0, 0}, {1, 1, 1}, {0, 1, 0}, {1, 0, 1}} {
			requireTheSameInEveryOrder(t, orders, is(n%len(states), 1, qualitySources[by[0]]), is(n/len(states)%len(states), 2, qualitySources[by[1]]),
				is(n/len(states)/len(states), 3, qualitySources[by[2]]))
		}
	}
}
