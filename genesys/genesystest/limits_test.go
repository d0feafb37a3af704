package genesystest_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/genesystest"
)

func TestIntervalsAreAsLongAsThePlatformTakes(t *testing.T) {
	for limit, option := range map[int][]genesystest.Option{31: nil, 7: {genesystest.LongestInterval(7 * 24 * time.Hour)}} {
		virtual(t, func(t *testing.T, _ *genesystest.Server, c *client) {
			for _, path := range []string{queryPath, detailsPath + "/jobs"} {
				r, err := c.try(t.Context(), http.MethodPost, path, object{"interval": days(-limit, 0)})
				require.NoError(t, err)
				require.Less(t, r.status, 300, path)
				c.refused(http.MethodPost, path, object{"interval": days(-limit, 1)}, http.StatusBadRequest, "bad.request")
			}
		}, option...)
	}
}

func TestThePagesOfAQueryReachNoFartherThanThePlatformSays(t *testing.T) {
	page := func(number, size int) object {
		return object{"interval": days(0, 1), "paging": object{"pageNumber": number, "pageSize": size}}
	}
	virtual(t, func(_ *testing.T, _ *genesystest.Server, c *client) {
		c.query(page(1000, 100))
		c.query(page(2000, 50))
		c.refused(http.MethodPost, queryPath, page(1001, 100), http.StatusBadRequest, "bad.request")
		c.refused(http.MethodPost, queryPath, page(2001, 50), http.StatusBadRequest, "bad.request")
	})
	virtual(t, func(_ *testing.T, _ *genesystest.Server, c *client) {
		c.query(page(2, 100))
		c.refused(http.MethodPost, queryPath, page(3, 100), http.StatusBadRequest, "bad.request")
	}, genesystest.MostResults(200))
}

func TestATimeThatIsRefusedIsRefusedInEveryIntervalThatTouchesIt(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		noon := time.Now().UTC().Truncate(24 * time.Hour).Add(12 * time.Hour)
		s.Faults().RefuseTime(noon, noon.Add(time.Minute))
		for hour := range 24 {
			q := object{"interval": fmt.Sprintf("%s/%s", noon.Add(time.Duration(hour-12)*time.Hour).Format(time.RFC3339), noon.Add(time.Duration(hour-11)*time.Hour).Format(time.RFC3339))}
			if hour == 12 {
				c.refused(http.MethodPost, queryPath, q, http.StatusBadRequest, "bad.request")
				continue
			}
			c.query(q)
		}
	})
}

func TestAPageInPlaceOfTheAnswerIsASuccess(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		undo := s.Faults().Requests(genesystest.RequestFault{Page: "<html>please sign in</html>"})
		r, err := c.try(t.Context(), http.MethodPost, queryPath, object{"interval": days(0, 1)})
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, r.status)
		require.Contains(t, r.header.Get("Content-Type"), "text/html")
		undo()
		c.query(object{"interval": days(0, 1)})
	})
}

func TestAConversationThatBeginsIsNotForgotten(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		for _, id := range []string{"a", "b", "c"} {
			story := transfer()
			story.ID = id
			s.Play(story)
			require.Equal(t, id, c.get("/api/v2/conversations/" + id)["id"])
		}
		require.Len(t, s.Truth(), 3, "none is over")
	}, genesystest.Keep(2))
}
