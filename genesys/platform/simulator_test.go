package platform_test

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	sdk "github.com/mypurecloud/platform-client-sdk-go/v150/platformclientv2"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/platform"
)

// told lets a call with an evaluation and a survey happen, and returns its id
// when all is over.
func told(t *testing.T, s *genesystest.Server) string {
	t.Helper()
	story := genesystest.BlindTransferToQueue()
	story.Evaluation("e-1", "user-a", "user-e", "q-1", 340*time.Second)
	story.Survey("v-1", "user-a", "q-1", 340*time.Second).Complete(350*time.Second, 90, 10)
	p := s.Play(story, genesystest.Speed(1000))
	require.NoError(t, p.Wait(t.Context()))
	time.Sleep(50 * time.Millisecond) // the evaluation and the survey
	return p.ID()
}

// official is the SDK as its users have it.
func official(t *testing.T, s *genesystest.Server) *sdk.Configuration {
	t.Helper()
	config := sdk.NewConfigurationWithConfigFile(filepath.Join(t.TempDir(), "none"), false)
	config.BasePath = s.URL()
	require.NoError(t, config.AuthorizeClientCredentials(s.Credentials()))
	return config
}

// models checks what the SDK made of an answer.
func models(t *testing.T) func(model any, response *sdk.APIResponse, err error) {
	return func(model any, response *sdk.APIResponse, err error) {
		t.Helper()
		require.NoError(t, err)
		require.True(t, response.IsSuccess)
		require.NotEmpty(t, response.CorrelationID)
		require.NotEmpty(t, response.Header["Inin-Ratelimit-Allowed"])
		text, err := json.Marshal(model)
		require.NoError(t, err)
		require.NotContains(t, string(text), "0001-01-01", "a time that the SDK cannot read")
	}
}

func TestTheOfficialSDKAcceptsTheSimulator(t *testing.T) {
	s := genesystest.NewServer(t, genesystest.RateLimit(3000))
	id := told(t, s)
	config := official(t, s)
	check := models(t)

	t.Run("identity", func(t *testing.T) {
		me, r, err := sdk.NewTokensApiWithConfig(config).GetTokensMe(false)
		check(me, r, err)
		require.NotNil(t, me.OAuthClient)
		org, r, err := sdk.NewOrganizationApiWithConfig(config).GetOrganizationsMe()
		check(org, r, err)
		require.NotNil(t, org.Id)
		_, r, err = sdk.NewUsersApiWithConfig(config).GetUsersMe(nil, "")
		require.Error(t, err)
		require.Equal(t, "not.a.user", r.Error.Code)
	})

	t.Run("notifications", func(t *testing.T) {
		api := sdk.NewNotificationsApiWithConfig(config)
		channel, r, err := api.PostNotificationsChannels()
		check(channel, r, err)
		require.NotNil(t, channel.ConnectUri)
		require.True(t, channel.Expires.After(time.Now()))
		topics := []sdk.Channeltopic{{Id: sdk.String("v2.users.user-a.conversations")}, {Id: sdk.String("v2.routing.queues.q-1.conversations")}}
		list, r, err := api.PutNotificationsChannelSubscriptions(*channel.Id, topics, false)
		check(list, r, err)
		require.Len(t, *list.Entities, 2)
		list, r, err = api.PostNotificationsChannelSubscriptions(*channel.Id, []sdk.Channeltopic{{Id: sdk.String("v2.quality.evaluations")}}, true)
		check(list, r, err)
		list, r, err = api.GetNotificationsChannelSubscriptions(*channel.Id)
		check(list, r, err)
		require.Len(t, *list.Entities, 3)
		channels, r, err := api.GetNotificationsChannels("token")
		check(channels, r, err)
		require.Len(t, *channels.Entities, 1)
		r, err = api.HeadNotificationsChannel(*channel.Id)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, r.StatusCode)
		available, r, err := api.GetNotificationsAvailabletopics([]string{"description"}, false)
		check(available, r, err)
		require.NotEmpty(t, *available.Entities)
		r, err = api.DeleteNotificationsChannelSubscriptions(*channel.Id)
		check(nil, r, err)
	})

	t.Run("conversations", func(t *testing.T) {
		api := sdk.NewConversationsApiWithConfig(config)
		c, r, err := api.GetConversation(id)
		check(c, r, err)
		require.Equal(t, id, *c.Id)
		require.NotEmpty(t, *c.Participants)
		call, r, err := api.GetConversationsCall(id)
		check(call, r, err)
		require.NotEmpty(t, *call.Participants)
		_, r, err = api.GetConversation("00000000-0000-4000-8000-00000000dead")
		require.Error(t, err)
		require.Equal(t, http.StatusNotFound, r.StatusCode)
		require.NotEmpty(t, r.Error.Code)
	})

	t.Run("analytics", func(t *testing.T) {
		api := sdk.NewAnalyticsApiWithConfig(config)
		record, r, err := api.GetAnalyticsConversationDetails(id)
		check(record, r, err)
		require.NotNil(t, record.ConversationEnd)
		require.NotEmpty(t, *record.Participants)
		several, r, err := api.GetAnalyticsConversationsDetails([]string{id})
		check(several, r, err)
		require.Len(t, *several.Conversations, 1)
		now := time.Now().UTC()
		interval := now.Add(-time.Hour).Format(time.RFC3339) + "/" + now.Add(time.Hour).Format(time.RFC3339)
		page, r, err := api.PostAnalyticsConversationsDetailsQuery(sdk.Conversationquery{Interval: &interval})
		check(page, r, err)
		require.Len(t, *page.Conversations, 1)
		availability, r, err := api.GetAnalyticsConversationsDetailsJobsAvailability()
		check(availability, r, err)
		require.NotNil(t, availability.DataAvailabilityDate)
		until := now.Format(time.RFC3339)
		interval = now.Add(-time.Hour).Format(time.RFC3339) + "/" + until
		job, r, err := api.PostAnalyticsConversationsDetailsJobs(sdk.Asyncconversationquery{Interval: &interval})
		check(job, r, err)
		require.Equal(t, http.StatusAccepted, r.StatusCode)
		eventually(t, func() bool {
			status, _, err := api.GetAnalyticsConversationsDetailsJob(*job.JobId)
			return err == nil && *status.State == "FULFILLED"
		})
		results, r, err := api.GetAnalyticsConversationsDetailsJobResults(*job.JobId, "", 0)
		check(results, r, err)
		r, err = api.DeleteAnalyticsConversationsDetailsJob(*job.JobId)
		check(nil, r, err)
	})

	t.Run("quality", func(t *testing.T) {
		api := sdk.NewQualityApiWithConfig(config)
		list, r, err := api.GetQualityEvaluationsQuery(25, 1, nil, "", id, "", "", "", "", "", "", "", "", nil, false, false, false, 0, "", false)
		check(list, r, err)
		require.Len(t, *list.Entities, 1)
		e, r, err := api.GetQualityConversationEvaluation(id, "e-1", "")
		check(e, r, err)
		require.Equal(t, "e-1", *e.Id)
		surveys, r, err := api.GetQualityConversationSurveys(id)
		check(surveys, r, err)
		require.Len(t, surveys, 1)
		v, r, err := api.GetQualitySurvey("v-1")
		check(v, r, err)
		require.NotNil(t, v.CompletedDate)
	})

	t.Run("directory", func(t *testing.T) {
		users := sdk.NewUsersApiWithConfig(config)
		page, r, err := users.GetUsers(25, 1, nil, nil, "", nil, "", "active")
		check(page, r, err)
		require.NotEmpty(t, *page.Entities)
		user, r, err := users.GetUser("user-a", nil, "", "")
		check(user, r, err)
		routing := sdk.NewRoutingApiWithConfig(config)
		queues, r, err := routing.GetRoutingQueues(1, 25, "", "", nil, nil, nil, "", false)
		check(queues, r, err)
		require.Len(t, *queues.Entities, 2)
		queue, r, err := routing.GetRoutingQueue("q-1")
		check(queue, r, err)
		codes, r, err := routing.GetRoutingWrapupcodes(25, 1, "", "", "", nil, nil)
		check(codes, r, err)
		require.NotEmpty(t, *codes.Entities)
	})

	t.Run("flows", func(t *testing.T) {
		api := sdk.NewArchitectApiWithConfig(config)
		launched, r, err := api.PostFlowsExecutions(sdk.Flowexecutionlaunchrequest{FlowId: sdk.String("f-1")})
		check(launched, r, err)
		execution, r, err := api.GetFlowsExecution(*launched.Id)
		check(execution, r, err)
		require.Len(t, s.FlowExecutions(), 1)
	})
}

func simulated(t *testing.T, s *genesystest.Server) *platform.Client {
	t.Helper()
	return connect(t, s.URL(), func(c *platform.Config) { c.ClientID, c.ClientSecret = s.Credentials() })
}

func TestAClientWorksWithTheSimulator(t *testing.T) {
	s := genesystest.NewServer(t, genesystest.Users(genesystest.Entry{ID: "user-z", Name: "Z"}))
	id := told(t, s)
	c := simulated(t, s)
	o, err := c.Organization(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, o.ID)
	var queues, users []string
	for q, err := range c.Queues(t.Context()) {
		require.NoError(t, err)
		queues = append(queues, q.ID)
	}
	for u, err := range c.Users(t.Context()) {
		require.NoError(t, err)
		users = append(users, u.ID)
	}
	require.ElementsMatch(t, []string{"q-1", "q-2"}, queues)
	require.Subset(t, users, []string{"user-a", "user-b", "user-z"})
	record, err := c.Call(t.Context(), genesys.Request{Path: "/api/v2/analytics/conversations/" + id + "/details"})
	require.NoError(t, err)
	message, err := genesys.Decode(record, time.Now())
	require.NoError(t, err)
	require.Len(t, message.Conversations, 1)
	require.Equal(t, id, message.Conversations[0].ID)
}

func TestTheSimulatorsFaultsAreVisibleAndPass(t *testing.T) {
	s := genesystest.NewServer(t)
	c := simulated(t, s)
	_, err := c.Organization(t.Context())
	require.NoError(t, err)

	s.Faults().TooManyRequests(1, time.Second)
	_, err = c.Organization(t.Context())
	require.True(t, genesys.HasStatus(err, 429))
	began := time.Now()
	s.Faults().ServerErrors(1, 503)
	_, err = c.Organization(t.Context())
	require.True(t, genesys.HasStatus(err, 503))
	require.GreaterOrEqual(t, time.Since(began), 900*time.Millisecond)

	cut := s.Faults().Requests(genesystest.RequestFault{Cut: true})
	_, err = c.Organization(t.Context())
	require.True(t, genesys.HasStatus(err, 0))
	cut()
	_, err = c.Organization(t.Context())
	require.NoError(t, err)
}
