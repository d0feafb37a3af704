package genesystest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/genesystest"
)

const channelsPath = "/api/v2/notifications/channels"

func (c *client) head(channel string) int {
	c.t.Helper()
	r, err := c.try(c.t.Context(), http.MethodHead, channelsPath+"/"+channel, nil)
	require.NoError(c.t, err)
	require.Empty(c.t, r.body)
	return r.status
}

func topicsOf(t *testing.T, listing object) (topics []string) {
	t.Helper()
	for _, e := range listing["entities"].([]any) {
		e := e.(object)
		require.Equal(t, "Permitted", e["state"])
		topics = append(topics, e["id"].(string))
	}
	return topics
}

func TestAChannelLivesADayAfterTheLastSubscription(t *testing.T) {
	virtual(t, func(t *testing.T, _ *genesystest.Server, c *client) {
		id, _ := c.channel("v2.users.u-1.conversations")
		time.Sleep(23 * time.Hour)
		require.Equal(t, http.StatusOK, c.head(id))
		c.subscribe(http.MethodPut, id, "v2.users.u-1.conversations")
		time.Sleep(23 * time.Hour)
		c.login()
		require.Equal(t, http.StatusOK, c.head(id))
		time.Sleep(2 * time.Hour)
		require.Equal(t, http.StatusNotFound, c.head(id))
		c.refused(http.MethodGet, channelsPath+"/"+id+"/subscriptions", nil, http.StatusNotFound, "entity.not.found")
	})
}

func TestSubscriptionsAreAddedReplacedAndRemoved(t *testing.T) {
	virtual(t, func(t *testing.T, _ *genesystest.Server, c *client) {
		id, _ := c.channel("v2.users.u-1.conversations", "v2.users.u-2.conversations")
		path := channelsPath + "/" + id + "/subscriptions"
		c.subscribe(http.MethodPost, id, "v2.routing.queues.q-1.conversations", "v2.users.u-1.conversations")
		require.Equal(t, []string{"v2.users.u-1.conversations", "v2.users.u-2.conversations", "v2.routing.queues.q-1.conversations"}, topicsOf(t, c.get(path)))
		c.subscribe(http.MethodPut, id, "v2.quality.evaluations")
		require.Equal(t, []string{"v2.quality.evaluations"}, topicsOf(t, c.get(path)))
		c.do(http.MethodDelete, path, nil, http.StatusOK)
		require.Empty(t, topicsOf(t, c.get(path)))
	})
}

func TestThe21stChannelEvictsTheLeastRecentlyUsedWithoutAConnection(t *testing.T) {
	virtual(t, func(t *testing.T, _ *genesystest.Server, c *client) {
		var ids []string
		for range 20 {
			id, uri := c.channel()
			if len(ids) == 0 {
				c.open(uri)
			}
			ids = append(ids, id)
			time.Sleep(time.Second)
		}
		require.Equal(t, http.StatusOK, c.head(ids[1])) // a use
		c.channel()
		for i, id := range ids {
			want := http.StatusOK
			if i == 2 {
				want = http.StatusNotFound
			}
			require.Equal(t, want, c.head(id), "channel %d", i)
		}
		require.Len(t, c.get(channelsPath)["entities"], 20)
	})
}

func TestAnotherTokensChannelsAreListedWithoutTheirIDs(t *testing.T) {
	virtual(t, func(t *testing.T, _ *genesystest.Server, c *client) {
		c.channel()
		c.login()
		require.Empty(t, c.get(channelsPath)["entities"])
		others := c.get(channelsPath + "?includechannels=oauthclient")["entities"].([]any)
		require.Len(t, others, 1)
		require.NotContains(t, others[0], "id")
	})
}

func TestOneRefusedTopicRefusesAll(t *testing.T) {
	virtual(t, func(t *testing.T, _ *genesystest.Server, c *client) {
		id, _ := c.channel("v2.users.u-1.conversations")
		path := channelsPath + "/" + id + "/subscriptions"
		for topic, want := range map[string]struct {
			status int
			code   string
		}{
			"v2.users.secret.conversations":                           {http.StatusForbidden, "notification.unauthorized.topic"},
			"v2.conversations.c-1":                                    {http.StatusBadRequest, "notification.invalid.topic"},
			"v2.quality.surveys":                                      {http.StatusBadRequest, "notification.invalid.topic"},
			"v2.detail.events.conversation.{id}.acw":                  {http.StatusBadRequest, "notification.invalid.topic"},
			"v2.users." + strings.Repeat("u", 200) + ".conversations": {http.StatusBadRequest, "notification.invalid.topic"},
		} {
			c.refused(http.MethodPut, path, subscriptions("v2.users.u-2.conversations", topic), want.status, want.code)
			require.Equal(t, []string{"v2.users.u-1.conversations"}, topicsOf(t, c.get(path)))
		}
		c.refused(http.MethodPut, path, `{"not":"a list"}`, http.StatusBadRequest, "bad.request")
	}, genesystest.ForbidTopics("v2.users.sec*"))
}

func TestRefusedTopicsAreNamedWhenErrorsAreIgnored(t *testing.T) {
	virtual(t, func(t *testing.T, _ *genesystest.Server, c *client) {
		id, _ := c.channel()
		path := channelsPath + "/" + id + "/subscriptions"
		body := c.do(http.MethodPut, path+"?ignoreErrors=true", subscriptions("v2.users.u-1?presence&conversations", "v2.nothing"), http.StatusOK).object(t)
		states := map[string]any{}
		for _, e := range body["entities"].([]any) {
			e := e.(object)
			states[e["id"].(string)] = e["state"]
			require.Equal(t, e["state"] == "Rejected", e["rejectionReason"] != nil)
			require.Equal(t, e["id"] == "v2.users.u-1.presence", e["missingPermissions"] != nil)
		}
		require.Equal(t, map[string]any{"v2.users.u-1?presence&conversations": "Permitted", "v2.users.u-1.presence": "Rejected", "v2.nothing": "Rejected"}, states)
		require.Equal(t, []string{"v2.users.u-1?presence&conversations"}, topicsOf(t, c.get(path)))
	}, genesystest.ForbidTopics("v2.users.u-1.presence"))
}

func TestARefusedPartOfACombinedTopicIsNotHeard(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		id, uri := c.channel()
		path := channelsPath + "/" + id + "/subscriptions"
		c.do(http.MethodPut, path+"?ignoreErrors=true", subscriptions("v2.users.user-a?presence&conversations"), http.StatusOK)
		c.subscribe(http.MethodPost, id, "v2.users.user-b.conversations")
		so := c.open(uri)
		require.NoError(t, s.Play(transfer()).Wait(t.Context()))
		heard := map[any]bool{}
		for _, f := range so.soFar() {
			var o object
			require.NoError(t, json.Unmarshal(f, &o))
			heard[o["topicName"]] = true
		}
		require.Contains(t, heard, "v2.users.user-b.conversations")
		require.NotContains(t, heard, "v2.users.user-a.conversations", "also after more has been subscribed")
	}, genesystest.ForbidTopics("v2.users.user-a.conversations"))
}

func TestAChannelTakes1000Topics(t *testing.T) {
	virtual(t, func(t *testing.T, _ *genesystest.Server, c *client) {
		var topics []string
		for i := range 1000 {
			topics = append(topics, fmt.Sprintf("v2.users.u-%d?presence&conversations", i))
		}
		id, _ := c.channel(topics...)
		c.refused(http.MethodPost, channelsPath+"/"+id+"/subscriptions", subscriptions("v2.quality.evaluations"), http.StatusBadRequest,
			"notification.subscription.too.many.subscriptions")
	})
}

func TestAvailableTopicsTellWhatIsAskedFor(t *testing.T) {
	virtual(t, func(t *testing.T, _ *genesystest.Server, c *client) {
		topics := map[string]object{}
		for _, e := range c.get("/api/v2/notifications/availabletopics?expand=transports%2Cdescription")["entities"].([]any) {
			topics[e.(object)["id"].(string)] = e.(object)
		}
		require.Contains(t, topics["v2.detail.events.conversation.{id}.user.end"]["transports"], "EventBridge")
		require.Equal(t, []any{"Websocket"}, topics["v2.users.{id}.conversations"]["transports"])
		require.NotContains(t, topics["v2.users.{id}.conversations"], "visibility")
	})
}
