package genesystest_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// transfer is the story that most tests play: user-a answers at 21 s and
// transfers at 121 s, user-b answers at 130 s and hangs up at 300 s.
func transfer() *genesystest.Story { return genesystest.BlindTransferToQueue() }

const transferID = "c0000000-0000-4000-8000-000000000001"

func TestTheLiveConversationIsAsItIsNow(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		path := "/api/v2/conversations/" + transferID
		c.refused(http.MethodGet, path, nil, http.StatusNotFound, "not.found")
		p := s.Play(transfer())
		time.Sleep(30 * time.Second)
		o := c.get(path)
		require.Len(t, o["participants"], 4)
		require.NotContains(t, o, "endTime")
		require.Len(t, c.get("/api/v2/conversations/calls/" + transferID)["participants"], 4)
		c.refused(http.MethodGet, "/api/v2/conversations/emails/"+transferID, nil, http.StatusNotFound, "not.found")
		require.NoError(t, p.Wait(t.Context()))
		o = c.get(path)
		require.Len(t, o["participants"], 6)
		require.Contains(t, o, "endTime")
		require.Empty(t, c.get("/api/v2/conversations")["entities"])
	})
}

func TestAttributesAreSetOnALiveConversation(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		_, uri := c.channel("v2.users.user-a.conversations", "v2.detail.events.conversation."+transferID+".attributes")
		so := c.open(uri)
		p := s.Play(transfer())
		time.Sleep(29 * time.Second) // no heartbeat comes now
		so.soFar()
		path := "/api/v2/conversations/" + transferID + "/participants/"
		c.do(http.MethodPatch, path+"p-cust/attributes", object{"attributes": object{"case": "4711"}}, http.StatusAccepted)
		c.refused(http.MethodPatch, path+"p-nobody/attributes", object{"attributes": object{"case": "4711"}}, http.StatusNotFound, "not.found")
		c.refused(http.MethodPatch, path+"p-cust/attributes", object{"attributes": object{"case": 4711}}, http.StatusBadRequest, "bad.request")
		synctest.Wait()
		snapshot, event := so.next(), so.next()
		if event["topicName"] == "v2.users.user-a.conversations" {
			snapshot, event = event, snapshot
		}
		customer := snapshot["eventBody"].(object)["participants"].([]any)[0].(object)
		require.Equal(t, object{"case": "4711"}, customer["attributes"])
		require.Equal(t, object{"case": "4711"}, event["eventBody"].(object)["attributes"])
		require.EqualValues(t, time.Now().UnixMilli(), event["eventBody"].(object)["eventTime"])

		require.NoError(t, p.Wait(t.Context()), "the story goes on")
		c.do(http.MethodPatch, path+"p-cust/attributes", object{"attributes": object{"late": "yes"}}, http.StatusAccepted)
		synctest.Wait()
		last := so.soFar()
		require.Contains(t, string(last[len(last)-1]), `"late":"yes"`, "also after the end")
	})
}

func TestDisconnectEndsEverythingNow(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		p := s.Play(transfer())
		time.Sleep(30 * time.Second)
		c.do(http.MethodPost, "/api/v2/conversations/"+transferID+"/disconnect", nil, http.StatusAccepted)
		c.refused(http.MethodPost, "/api/v2/conversations/c-unknown/disconnect", nil, http.StatusNotFound, "not.found")
		require.NoError(t, p.Wait(t.Context()))
		require.Less(t, time.Since(p.Story().Start), 31*time.Second)
		o := c.get("/api/v2/analytics/conversations/" + transferID + "/details")
		require.Contains(t, o, "conversationEnd")
		require.Len(t, o["participants"], 4)
	})
}

func TestAStoppedConversationStaysAsItIs(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		p := s.Play(transfer())
		time.Sleep(30 * time.Second)
		p.Stop()
		before := c.get("/api/v2/conversations/" + transferID)
		time.Sleep(time.Hour)
		require.Equal(t, before, c.get("/api/v2/conversations/"+transferID))
		require.NotContains(t, before, "endTime")
		require.Contains(t, string(s.Truth()[0].Record), "segmentStart")
		require.NotContains(t, string(s.Truth()[0].Record), "conversationEnd")
	})
}

func TestAConversationIsPlayedOnce(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, _ *client) {
		s.Play(transfer())
		require.PanicsWithError(t, "genesystest: conversation "+transferID+" has been played on this server already; give the story another ID",
			func() { s.Play(transfer()) })
	})
}
