package genesystest_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/genesystest"
)

func entityIDs(o object, list string) (ids []string) {
	for _, e := range o[list].([]any) {
		ids = append(ids, e.(object)["id"].(string))
	}
	return ids
}

func TestTheDirectoryListsWhatStoriesMention(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		s.Play(transfer())
		require.Equal(t, []string{"u-9", "user-a", "user-b"}, entityIDs(c.get("/api/v2/users?pageSize=100&state=active"), "entities"))
		require.Equal(t, []string{"user-b"}, entityIDs(c.get("/api/v2/users?id=user-b"), "entities"))
		require.Equal(t, []string{"q-1", "q-2"}, entityIDs(c.get("/api/v2/routing/queues?hasPeer=false"), "entities"))
		require.Equal(t, []string{"q-2"}, entityIDs(c.get("/api/v2/routing/queues?name=*2"), "entities"))
		require.Equal(t, []string{"w-1", "w-2"}, entityIDs(c.get("/api/v2/routing/wrapupcodes"), "entities"))
		require.Equal(t, "Ada", c.get("/api/v2/users/u-9")["name"])
		c.get("/api/v2/routing/queues/q-1")
		c.get("/api/v2/routing/wrapupcodes/w-1")
		for _, path := range []string{"users", "routing/queues", "routing/wrapupcodes"} {
			c.refused(http.MethodGet, "/api/v2/"+path+"/nobody", nil, http.StatusNotFound, "not.found")
		}
		found := c.do(http.MethodPost, "/api/v2/users/search", object{"query": []object{{"fields": []string{"name"}, "value": "agent"}}}, http.StatusOK)
		require.Equal(t, []string{"user-a", "user-b"}, entityIDs(found.object(t), "results"))
	}, genesystest.Users(genesystest.Entry{ID: "u-9", Name: "Ada"}))
}

func TestListingsArePaged(t *testing.T) {
	var users []genesystest.Entry
	for _, id := range []string{"a", "b", "c", "d", "e"} {
		users = append(users, genesystest.Entry{ID: id})
	}
	virtual(t, func(t *testing.T, _ *genesystest.Server, c *client) {
		var read []string
		for path := "/api/v2/users?pageSize=2&expand=team"; path != ""; {
			o := c.get(path)
			require.EqualValues(t, 5, o["total"])
			require.EqualValues(t, 3, o["pageCount"])
			read = append(read, entityIDs(o, "entities")...)
			path, _ = o["nextUri"].(string)
		}
		require.Equal(t, []string{"a", "b", "c", "d", "e"}, read)
		c.refused(http.MethodGet, "/api/v2/users?pageSize=101", nil, http.StatusBadRequest, "bad.request")
		c.refused(http.MethodGet, "/api/v2/users?pageNumber=x", nil, http.StatusBadRequest, "bad.request")
	}, genesystest.Users(users...))
}

func TestAFlowIsLaunchedAndCompletes(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		launched := c.do(http.MethodPost, "/api/v2/flows/executions", object{"flowId": "flow-1", "inputData": object{"case": "4711"}}, http.StatusOK).object(t)
		path := "/api/v2/flows/executions/" + launched["id"].(string)
		require.Equal(t, "RUNNING", c.get(path)["status"])
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, "COMPLETED", c.get(path)["status"])
		require.Len(t, s.FlowExecutions(), 1)
		require.Equal(t, "4711", s.FlowExecutions()[0].Input["case"])
		c.refused(http.MethodPost, "/api/v2/flows/executions", object{}, http.StatusBadRequest, "bad.request")
		c.refused(http.MethodGet, "/api/v2/flows/executions/x", nil, http.StatusNotFound, "architect.flow.execution.not.found")
	})
}
