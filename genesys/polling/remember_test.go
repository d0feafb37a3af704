package polling

import (
	"errors"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys"
)

// What the source remembers, one type each.

var noLog = slog.New(slog.DiscardHandler)

func TestGapsAreJoinedUntilTheyAreSaved(t *testing.T) {
	g, noon := newGaps(), time.Unix(0, 0)
	require.Zero(t, g.take())
	g.add(noon)
	g.add(noon.Add(-time.Hour))
	g.add(noon.Add(time.Hour))
	require.Len(t, g.added, 1, "who waits is woken once")
	require.True(t, g.take().Equal(noon.Add(-time.Hour)), "the earliest counts")
	require.Zero(t, g.take())
}

func TestOthersHearWhenSomeHaveSaidSoAndNoneIsBlind(t *testing.T) {
	o := newOthers()
	require.False(t, o.hear(), "nobody has said anything")
	o.note("a", true)
	require.False(t, o.hear())
	o.note("a", false)
	require.True(t, o.hear())
	o.note("b", true)
	require.False(t, o.hear())
	o.note("b", false)
	require.True(t, o.hear())
}

func TestTheWideOverlapIsDueAgainAfterAWhile(t *testing.T) {
	o, now := &overlap{wide: 10 * time.Minute}, time.Unix(1e9, 0)
	require.Equal(t, 10*time.Minute, o.next(now))
	require.Equal(t, 10*time.Minute, o.next(now), "it was not done")
	o.done(10*time.Minute, now)
	require.Equal(t, narrowOverlap, o.next(now))
	o.done(narrowOverlap, now.Add(time.Minute))
	require.Equal(t, 10*time.Minute, o.next(now.Add(wideEvery)))
	small := &overlap{wide: time.Second}
	small.done(time.Second, now)
	require.Equal(t, time.Second, small.next(now), "never more than is configured")
}

func TestAReadWithoutARightIsLeftOutForAWhileAfterSomeTries(t *testing.T) {
	p := newPermissions(noLog)
	forbidden, broken := &genesys.APIError{Status: http.StatusForbidden}, errors.New("broken")
	tries := 0
	do := func(err error) error { return p.try("surveys", "a right", func() error { tries++; return err }) }
	require.NoError(t, do(forbidden))
	require.NoError(t, do(forbidden))
	require.ErrorIs(t, do(broken), broken, "another error is one")
	for range 10 {
		require.NoError(t, do(forbidden))
	}
	require.Equal(t, 3+mostRefused, tries)
	require.True(t, p.leftOut("surveys", time.Now()))
	require.False(t, p.leftOut("surveys", time.Now().Add(leaveOut)))
	require.False(t, p.leftOut("jobs", time.Now()))
}

func TestAnIDThatWasRefusedIsLeftOutForAWhile(t *testing.T) {
	r, now := newRefusedIDs(), time.Unix(0, 0)
	ids := []string{"a", "b", "c"}
	r.add("b", now)
	require.Equal(t, []string{"a", "c"}, r.without(ids, now.Add(askAgainAfter-1)))
	require.Equal(t, []string{"a", "b", "c"}, ids)
	require.Equal(t, ids, r.without(ids, now.Add(askAgainAfter)))
}

func TestAJobThatFailsAgainIsARefusalOfItsInterval(t *testing.T) {
	f, from := newFailedJobs(), time.Unix(0, 0)
	failed := &jobError{"FAILED"}
	require.False(t, refused(f.judge(from, failed)), "it may pass")
	require.False(t, refused(f.judge(from.Add(time.Hour), failed)), "another interval")
	require.True(t, refused(f.judge(from, failed)))
	require.NoError(t, f.judge(from, nil))
	require.False(t, refused(f.judge(from, failed)), "it worked in between")
	broken := errors.New("broken")
	require.Equal(t, broken, f.judge(from, broken))
}

func TestWhatIsMalformedIsCountedAndNamedOnceByItsID(t *testing.T) {
	m := newMalformed(noLog)
	for range 3 {
		m.note("details", jsontext.Value(`{"conversationId":"c-1"}`), errors.New("odd"))
	}
	require.EqualValues(t, 3, m.count.Load())
	require.False(t, m.first("details c-1"))
	for n := range 3 * mostNamed {
		m.first(string(rune(n)))
	}
	require.LessOrEqual(t, len(m.named), mostNamed, "what is remembered is bounded")
	for element, id := range map[string]string{
		`{"conversationId":"c-1","id":"other"}`: "c-1", `{"id":"c-2"}`: "c-2", `{"id":7}`: "unknown", `7`: "unknown", `{"id":`: "unknown",
		`{"id":"a person's name"}`: "unknown", `{"conversationId":"+4930123456"}`: "unknown", `{"conversationId":["c-1"],"id":"c-3"}`: "c-3",
	} {
		require.Equal(t, id, idOf(jsontext.Value(element)), element)
	}
}

func TestAnAnswerThatIsNotUnderstoodHoldsUpNoOtherUnlessAllAreSo(t *testing.T) {
	odd, broken := notUnderstood("a page"), errors.New("broken")
	var one tally
	for _, err := range []error{odd, nil, odd, odd, odd, odd, nil} {
		require.NoError(t, one.note(err))
	}
	require.NoError(t, one.err())
	require.Equal(t, broken, one.note(broken))
	var all tally
	require.NoError(t, all.err(), "nothing was asked")
	require.NoError(t, all.note(odd))
	require.Equal(t, odd, all.err())
	require.NoError(t, all.note(odd))
	require.Equal(t, odd, all.note(odd), "the others are not asked for")
}
