package genesystest_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/genesystest"
)

const (
	detailsPath = "/api/v2/analytics/conversations/details"
	queryPath   = detailsPath + "/query"
)

// days is the interval of a number of days from today on. The virtual clock
// begins at midnight.
func days(from, to int) string {
	day := time.Now().UTC().Truncate(24 * time.Hour)
	return day.AddDate(0, 0, from).Format(time.RFC3339) + "/" + day.AddDate(0, 0, to).Format(time.RFC3339)
}

func idsOf(o object) (ids []string) {
	list, _ := o["conversations"].([]any)
	for _, c := range list {
		ids = append(ids, c.(object)["conversationId"].(string))
	}
	return ids
}

func (c *client) query(q object) object {
	c.t.Helper()
	return c.do(http.MethodPost, queryPath, q, http.StatusOK).object(c.t)
}

func playMany(s *genesystest.Server, n int) (ids []string) {
	rnd := rand.New(rand.NewPCG(1, 1))
	for range n {
		ids = append(ids, s.Play(transfer().Fresh(rnd)).ID())
		time.Sleep(time.Second)
	}
	return ids
}

func TestARecordLags(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		p := s.Play(transfer())
		path := "/api/v2/analytics/conversations/" + transferID + "/details"
		time.Sleep(59 * time.Second)
		c.refused(http.MethodGet, path, nil, http.StatusNotFound, "not.found")
		require.Empty(t, c.query(object{"interval": days(0, 1)})["conversations"])
		time.Sleep(7 * time.Second)
		require.Len(t, c.get(path)["participants"], 3, "as it was a minute ago")
		require.NoError(t, p.Wait(t.Context()))
		require.NotContains(t, c.get(path), "conversationEnd")
		time.Sleep(time.Minute)
		require.Contains(t, c.get(path), "conversationEnd")
	}, genesystest.AnalyticsLag(time.Minute))
}

func TestSeveralRecordsAreReadByID(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		ids := playMany(s, 3)
		require.Equal(t, ids[:2], idsOf(c.get(detailsPath+"?id="+ids[0]+"%2C"+ids[1]+",unknown")))
		require.Equal(t, ids[:2], idsOf(c.get(detailsPath+"?id="+ids[0]+"&id="+ids[1])))
		require.NotContains(t, c.get(detailsPath+"?id=unknown"), "conversations")
		c.refused(http.MethodGet, detailsPath, nil, http.StatusBadRequest, "bad.request")
		c.refused(http.MethodGet, detailsPath+"?id="+manyIDs(101), nil, http.StatusBadRequest, "bad.request")
	})
}

func manyIDs(n int) string {
	var ids []string
	for i := range n {
		ids = append(ids, fmt.Sprint("c-", i))
	}
	return strings.Join(ids, ",")
}

func TestTheQueryFindsByTheDayOfTheStart(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		time.Sleep(23*time.Hour + 59*time.Minute)
		ids := playMany(s, 1)
		time.Sleep(time.Hour)
		c.login()
		now := time.Now().UTC()
		hour := now.Add(-30*time.Minute).Format(time.RFC3339) + "/" + now.Format(time.RFC3339)
		require.NotContains(t, c.query(object{"interval": hour}), "conversations", "it was active today, but began yesterday")
		require.Equal(t, ids, idsOf(c.query(object{"interval": days(-1, 0)})))
		early := now.AddDate(0, 0, -1).Truncate(24 * time.Hour)
		minute := early.Format(time.RFC3339) + "/" + early.Add(time.Minute).Format(time.RFC3339)
		require.Equal(t, ids, idsOf(c.query(object{"interval": minute})), "the whole day counts")
	})
}

func TestTheQueryIsPaged(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		ids := playMany(s, 7)
		page := func(n int, order string) object {
			return c.query(object{"interval": days(0, 1), "order": order, "paging": object{"pageSize": 3, "pageNumber": n}})
		}
		require.Equal(t, ids[:3], idsOf(page(1, "asc")))
		require.Equal(t, ids[3:6], idsOf(page(2, "asc")))
		require.Equal(t, ids[6:], idsOf(page(3, "asc")))
		require.NotContains(t, page(4, "asc"), "conversations")
		require.EqualValues(t, 7, page(4, "asc")["totalHits"])
		last := slices.Clone(ids[4:])
		slices.Reverse(last)
		require.Equal(t, last, idsOf(page(1, "desc")))

		s.Faults().DuplicatePages(true)
		require.Equal(t, ids[:3], idsOf(page(1, "asc")))
		require.Equal(t, ids[2:6], idsOf(page(2, "asc")), "the last of the page before comes again")
		require.NotContains(t, page(4, "asc"), "conversations")
	})
}

func TestTheQueryFilters(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		s.Play(transfer())
		chat := genesystest.NewStory("c-chat")
		chat.Media = "chat"
		chat.Customer("cust", 0)
		chat.Agent("a", time.Second, "user-c", "q-9").Answer(2 * time.Second)
		survey := chat.Survey("survey-1", "user-c", "q-9", 3*time.Second)
		survey.Complete(5*time.Second, 80, 9)
		s.Play(chat)
		time.Sleep(10 * time.Minute)
		dimension := func(name, value string) object {
			return object{"type": "dimension", "dimension": name, "operator": "matches", "value": value}
		}
		find := func(kind string, typ string, predicates ...object) []string {
			return idsOf(c.query(object{"interval": days(0, 1), kind: []object{{"type": typ, "predicates": predicates}}}))
		}
		require.Equal(t, []string{transferID}, find("conversationFilters", "and", object{"dimension": "conversationEnd", "operator": "exists"}))
		require.Equal(t, []string{"c-chat"}, find("conversationFilters", "and", object{"dimension": "conversationEnd", "operator": "notExists"}))
		require.Equal(t, []string{transferID}, find("conversationFilters", "and", object{"dimension": "conversationEnd",
			"range": object{"gte": "2000-01-01T00:00:00.000Z", "lt": "2000-01-01T00:06:00.000Z"}}))
		require.Equal(t, []string{transferID}, find("segmentFilters", "and", dimension("purpose", "agent"), dimension("disconnectType", "transfer")))
		require.Empty(t, find("segmentFilters", "and", dimension("purpose", "agent"), dimension("mediaType", "chat"), dimension("queueId", "q-1")))
		require.Len(t, find("segmentFilters", "or", dimension("userId", "user-b"), dimension("userId", "user-c")), 2)
		require.Equal(t, []string{transferID}, find("segmentFilters", "and", object{"type": "metric", "metric": "tHandle", "range": object{"gt": 1000}}))
		require.Equal(t, []string{"c-chat"}, find("surveyFilters", "and", dimension("surveyStatus", "Finished")))
		require.Empty(t, find("evaluationFilters", "and", dimension("released", "true")))
		require.Equal(t, []string{"c-chat"}, idsOf(c.query(object{"interval": days(0, 1), "segmentFilters": []object{{"type": "and",
			"clauses": []object{{"type": "or", "predicates": []object{dimension("queueId", "q-9")}}}}}})))
	})
}

func TestABadQueryIsRefused(t *testing.T) {
	virtual(t, func(_ *testing.T, _ *genesystest.Server, c *client) {
		for _, q := range []any{
			"nothing", object{}, object{"interval": "yesterday"}, object{"interval": days(1, 0)}, object{"interval": days(0, 32)},
			object{"interval": days(0, 1), "paging": object{"pageSize": 101}}, object{"interval": days(0, 1), "paging": object{"pageNumber": -1}},
		} {
			c.refused(http.MethodPost, queryPath, q, http.StatusBadRequest, "bad.request")
		}
	})
}
