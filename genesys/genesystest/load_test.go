package genesystest_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

func TestALoadPlaysRandomStoriesAndTellsTheTruth(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		began := time.Now()
		l := s.Load(genesystest.Load{Conversations: 200, PerSecond: 10, Seed: 3, Longest: 10 * time.Minute, Quality: 0.5})
		require.NoError(t, l.Wait(t.Context()))
		require.Equal(t, 200, l.Begun())
		require.InDelta(t, 20, s.Truth()[199].Story.Start.Sub(began).Seconds(), 6, "10 begin in a second")
		time.Sleep(time.Hour)
		truth := s.Truth()
		require.Len(t, truth, 200)
		ids, judged := map[string]bool{}, 0
		for _, tr := range truth {
			require.True(t, tr.Over)
			require.Len(t, tr.Story.ID, 36)
			ids[tr.Story.ID] = true
			m, err := genesys.Decode(tr.Record, time.Time{})
			require.NoError(t, err)
			require.Len(t, m.Conversations, 1)
			if bytes.Contains(tr.Record, []byte(`"oTotalScore"`)) {
				judged++
			}
			r, err := c.try(t.Context(), http.MethodGet, "/api/v2/analytics/conversations/"+tr.Story.ID+"/details", nil)
			require.NoError(t, err)
			require.JSONEq(t, string(tr.Record), string(r.body))
		}
		require.Len(t, ids, 200)
		require.Greater(t, judged, 30)
		require.LessOrEqual(t, int(c.get("/api/v2/users?pageSize=100")["total"].(float64)), 21, "20 and the evaluator")
	}, genesystest.RateLimit(0))
}

func TestTheSameSeedPlaysTheSameLoad(t *testing.T) {
	play := func(seed uint64) (ids string) {
		virtual(t, func(t *testing.T, s *genesystest.Server, _ *client) {
			require.NoError(t, s.Load(genesystest.Load{Conversations: 10, PerSecond: 1, Seed: seed, Longest: time.Hour}).Wait(t.Context()))
			for _, tr := range s.Truth() {
				ids += tr.Story.ID + tr.Story.Start.String()
			}
		})
		return ids
	}
	require.Equal(t, play(1), play(1))
	require.NotEqual(t, play(1), play(2))
}

func TestALoadWithTheSameSeedGoesOnWhereTheFirstEnded(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, _ *client) {
		for range 2 {
			require.NoError(t, s.Load(genesystest.Load{Conversations: 5, Seed: 1}).Wait(t.Context()))
		}
		require.Len(t, s.Truth(), 10)
	})
}

func TestLoadsWithTheSameSeedCanPlayAtOnce(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, _ *client) {
		load := genesystest.Load{Conversations: 200, Seed: 1}
		first, second := s.Load(load), s.Load(load)
		require.NoError(t, first.Wait(t.Context()))
		require.NoError(t, second.Wait(t.Context()))
		require.Len(t, s.Truth(), 400)
	})
}

func TestALoadWithoutAnEndIsStoppedAndForgotten(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, _ *client) {
		l := s.Load(genesystest.Load{PerSecond: 1, Longest: 5 * time.Minute})
		time.Sleep(30 * time.Minute)
		l.Stop()
		begun := l.Begun()
		require.InDelta(t, 1800, begun, 300)
		require.NoError(t, l.Wait(t.Context()))
		require.Equal(t, begun, l.Begun())
		require.Less(t, len(s.Truth()), 900, "those that still play are kept beyond the limit")
	}, genesystest.Keep(200))
}

func TestALoadLeavesOutWhatIsToldForLonger(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, _ *client) {
		short := genesystest.Scenario{Story: func() *genesystest.Story {
			story := genesystest.NewStory("c-short")
			story.Customer("cust", 0).Ends(9*time.Second, "endpoint")
			return story
		}}
		l := s.Load(genesystest.Load{Conversations: 20, Longest: time.Minute, Scenarios: []genesystest.Scenario{short, outcomeTwice(t)}})
		require.NoError(t, l.Wait(t.Context()))
		for _, tr := range s.Truth() {
			require.Len(t, tr.Story.Legs, 1, "an outcome is told 97 s after the start")
		}
	})
}

func TestAFreshStoryHasNewIDsEverywhere(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, _ *client) {
		l := s.Load(genesystest.Load{Conversations: 100, Longest: time.Hour})
		require.NoError(t, l.Wait(t.Context()))
		synctest.Wait()
		for _, tr := range s.Truth() {
			text := string(tr.Record)
			for _, old := range []string{`"c-`, `"p-`, `"s-`, `"user-`, `"q-`} {
				require.False(t, strings.Contains(text, old), "%s in %s", old, text)
			}
		}
	})
}
