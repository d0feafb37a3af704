package platform_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/platform"
)

func TestAConfigurationIsCheckedBeforeAnythingIsSent(t *testing.T) {
	germany, err := genesys.ParseRegion("mypurecloud.de")
	require.NoError(t, err)
	good := func() platform.Config {
		return platform.Config{Region: germany, ClientID: clientID, ClientSecret: secret}
	}
	for name, c := range map[string]struct {
		change func(*platform.Config)
		says   string
	}{
		"a region":                     {func(*platform.Config) {}, ""},
		"a gateway":                    {func(c *platform.Config) { c.BaseURL = "https://gateway.example.com:8443/genesys" }, ""},
		"a simulator":                  {func(c *platform.Config) { c.BaseURL = "http://127.0.0.1:8080" }, ""},
		"a simulator by name":          {func(c *platform.Config) { c.BaseURL = "http://localhost:8080" }, ""},
		"a simulator on IPv6":          {func(c *platform.Config) { c.BaseURL = "http://[::1]:8080/" }, ""},
		"no region":                    {func(c *platform.Config) { c.Region = genesys.Region{} }, "Region is required"},
		"a region of one's own":        {func(c *platform.Config) { c.Region.Domain = "evil.example" }, "not one of"},
		"no client id":                 {func(c *platform.Config) { c.ClientID = "" }, "ClientID"},
		"no secret":                    {func(c *platform.Config) { c.ClientSecret = "" }, "ClientSecret"},
		"http in the open":             {func(c *platform.Config) { c.BaseURL = "http://gateway.example.com" }, "must be https"},
		"a name that begins like home": {func(c *platform.Config) { c.BaseURL = "http://localhost.evil.example" }, "must be https"},
		"an address that does":         {func(c *platform.Config) { c.BaseURL = "http://127.0.0.1.evil.example" }, "must be https"},
		"no scheme":                    {func(c *platform.Config) { c.BaseURL = "gateway.example.com" }, "must be a URL"},
		"another scheme":               {func(c *platform.Config) { c.BaseURL = "ftp://127.0.0.1" }, "must be https"},
		"a query":                      {func(c *platform.Config) { c.BaseURL = "https://example.com?x=1" }, "query"},
		"a user":                       {func(c *platform.Config) { c.BaseURL = "https://a:b@example.com" }, "user"},
		"the path of the API":          {func(c *platform.Config) { c.BaseURL = "https://example.com/api/v2/" }, "precedes"},
		"a timeout beyond the SDK's":   {func(c *platform.Config) { c.Timeout = time.Minute }, "16s"},
		"a client of net/http":         {func(c *platform.Config) { c.HTTP = http.DefaultClient }, "genesys/rest"},
		"a negative timeout":           {func(c *platform.Config) { c.Timeout = -1 }, "negative"},
		"a negative size":              {func(c *platform.Config) { c.MaxBody = -1 }, "negative"},
		"a negative number":            {func(c *platform.Config) { c.MaxInFlight = -1 }, "negative"},
		"a negative rate":              {func(c *platform.Config) { c.RequestsPerMinute = -1 }, "negative"},
	} {
		t.Run(name, func(t *testing.T) {
			config := good()
			c.change(&config)
			client, err := platform.New(config)
			if c.says == "" {
				require.NoError(t, err)
				client.Close()
				return
			}
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestOrganizationShowsThatTheCredentialsAreGood(t *testing.T) {
	s := newCloud(t, answer(200, `{"id":"o-1","name":"Example","features":{}}`))
	o, err := connect(t, s.URL).Organization(t.Context())
	require.NoError(t, err)
	require.Equal(t, platform.Organization{ID: "o-1", Name: "Example"}, o)
	for _, other := range []string{`<html>` + person, ``, `{}`, `[]`, `"` + person + `"`, `{"id":7}`, `{"entities":[]}`} {
		_, err = connect(t, newCloud(t, answer(200, other)).URL).Organization(t.Context())
		require.ErrorIs(t, err, genesys.ErrNotUnderstood, other)
		require.False(t, genesys.IsPermanent(err), other)
		require.NotContains(t, err.Error(), "canary")
	}
}

func TestUsersAndQueuesAreListedThroughAllPages(t *testing.T) {
	s := newCloud(t, func(w http.ResponseWriter, r *http.Request) {
		page := r.URL.Query().Get("pageNumber")
		if page == "3" && r.URL.Path == "/api/v2/users" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		fmt.Fprintf(w, `{"entities":[{"id":"%s-a","name":"N%s","email":"n%s@example.com","division":{"id":"d","name":"D"}},{"id":"%s-b"}],"pageCount":3}`, page, page, page, page)
	})
	c := connect(t, s.URL)
	var queues []platform.Queue
	for q, err := range c.Queues(t.Context()) {
		require.NoError(t, err)
		queues = append(queues, q)
	}
	require.Len(t, queues, 6)
	require.Equal(t, platform.Queue{ID: "2-a", Name: "N2", DivisionID: "d", DivisionName: "D"}, queues[2])
	var users []platform.User
	var failed error
	for u, err := range c.Users(t.Context()) {
		if err != nil {
			failed = err
			continue
		}
		users = append(users, u)
	}
	require.Len(t, users, 4)
	require.Equal(t, platform.User{ID: "1-a", Name: "N1", Email: "n1@example.com", DivisionID: "d", DivisionName: "D"}, users[0])
	require.True(t, genesys.HasStatus(failed, 403), "and a failure is not taken for the end")
}

func TestTheBudgetFollowsTheHeaders(t *testing.T) {
	s := newCloud(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("inin-ratelimit-allowed", "180")
		w.Header().Set("inin-ratelimit-count", "100")
		w.Header().Set("inin-ratelimit-reset", "60")
		_, _ = io.WriteString(w, `{}`)
	})
	c := connect(t, s.URL)
	_, err := c.Call(t.Context(), ping)
	require.NoError(t, err)
	require.Equal(t, 180, c.Stats().Allowed)
	require.Equal(t, 80, c.Stats().Remaining)
}

func TestACallAfterCloseFails(t *testing.T) {
	c := connect(t, newCloud(t, answer(200, `{}`)).URL)
	c.Close()
	_, err := c.Call(t.Context(), ping)
	require.ErrorContains(t, err, "closed")
}
