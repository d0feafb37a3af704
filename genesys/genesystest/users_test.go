package genesystest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// loggedIn runs a test as a user who has logged in, in virtual time.
func loggedIn(t *testing.T, do func(t *testing.T, s *genesystest.Server, c *client), opts ...genesystest.Option) {
	t.Helper()
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		c.token = s.LogIn(genesystest.Login{ClientID: appClient, UserID: "user-a"})
		do(t, s, c)
	}, opts...)
}

func TestAUserIsToldWhoHeIs(t *testing.T) {
	loggedIn(t, func(t *testing.T, s *genesystest.Server, c *client) {
		s.AddUsers(genesystest.Entry{ID: "user-a", Name: "Ada"})
		me := c.get("/api/v2/users/me?expand=organization,authorization")
		require.Equal(t, "Ada", me["name"])
		require.Equal(t, "active", me["state"])
		require.Equal(t, c.get("/api/v2/organizations/me")["id"], me["organization"].(object)["id"])
		require.Equal(t, []any{genesystest.ViewConversations}, me["authorization"].(object)["permissions"])
		require.NotContains(t, c.get("/api/v2/users/me"), "organization")
	})
}

func TestAUserReadsConversationsWithThePermissionOnly(t *testing.T) {
	loggedIn(t, func(t *testing.T, s *genesystest.Server, c *client) {
		p := s.Play(genesystest.BlindTransferToQueue())
		time.Sleep(time.Minute)
		path := "/api/v2/conversations/" + p.ID()
		require.Equal(t, p.ID(), c.get(path)["id"])
		s.SetPermissions("user-a")
		for _, forbidden := range []string{path, "/api/v2/conversations/calls/" + p.ID(), "/api/v2/analytics/conversations/" + p.ID() + "/details"} {
			c.refused(http.MethodGet, forbidden, nil, http.StatusForbidden, "missing.any.permissions")
		}
		c.login() // a client of its own may
		c.get(path)
	})
}

func TestAUserHearsOfHimselfAndOfOthersWithThePermission(t *testing.T) {
	loggedIn(t, func(t *testing.T, s *genesystest.Server, c *client) {
		s.SetPermissions("user-a")
		id, uri := c.channel("v2.users.user-a.conversations")
		so := c.open(uri)
		s.Play(genesystest.BlindTransferToQueue())
		require.Equal(t, "v2.users.user-a.conversations", so.next()["topicName"])
		other := []object{{"id": "v2.users.user-b.conversations"}}
		subscriptions := channelsPath + "/" + id + "/subscriptions"
		c.refused(http.MethodPut, subscriptions, other, http.StatusForbidden, "notification.unauthorized.topic")
		s.SetPermissions("user-a", genesystest.ViewConversations)
		c.do(http.MethodPut, subscriptions, other, http.StatusOK)
	})
}

func TestAUsersConversationsAreThoseOnHisDesktop(t *testing.T) {
	loggedIn(t, func(t *testing.T, s *genesystest.Server, c *client) {
		p := s.Play(genesystest.BlindTransferToQueue())
		require.Empty(t, c.get("/api/v2/conversations")["entities"])
		time.Sleep(20 * time.Second)
		mine := c.get("/api/v2/conversations")["entities"].([]any)
		require.Len(t, mine, 1)
		require.Equal(t, p.ID(), mine[0].(object)["id"])
		require.NoError(t, p.Wait(t.Context()))
		require.Empty(t, c.get("/api/v2/conversations")["entities"])
	})
}

func TestEachUserHasHisOwnLimitAndChannels(t *testing.T) {
	loggedIn(t, func(t *testing.T, s *genesystest.Server, c *client) {
		first, _ := c.channel()
		time.Sleep(time.Second)
		c.token = s.LogIn(genesystest.Login{ClientID: appClient, UserID: "user-b"})
		for range 20 {
			c.channel()
		}
		c.token = s.LogIn(genesystest.Login{ClientID: appClient, UserID: "user-a"})
		require.Len(t, c.get(channelsPath + "?includechannels=oauthclient")["entities"], 1)
		for range 20 { // those of all tokens of a user count together
			c.channel()
		}
		c.do(http.MethodHead, channelsPath+"/"+first, nil, http.StatusNotFound)
	}, genesystest.RateLimit(45))
}

func TestATokenOfAUserIsRevokedAfterIdleTime(t *testing.T) {
	loggedIn(t, func(t *testing.T, s *genesystest.Server, c *client) {
		began := time.Now()
		idles := func() time.Duration {
			at, err := time.Parse(time.RFC3339, c.get("/api/v2/tokens/me?preserveIdleTTL=true")["dateTokenIdles"].(string))
			require.NoError(t, err)
			return at.Sub(began)
		}
		for range 4 {
			time.Sleep(4 * time.Minute)
			c.get("/api/v2/users/me")
		}
		require.Equal(t, 21*time.Minute, idles())
		time.Sleep(4 * time.Minute)
		require.Equal(t, 21*time.Minute, idles(), "this does not count as use")
		time.Sleep(time.Minute)
		c.refused(http.MethodGet, "/api/v2/users/me", nil, http.StatusUnauthorized, "bad.credentials")
		c.login()
		time.Sleep(time.Hour)
		require.NotContains(t, c.get("/api/v2/tokens/me"), "dateTokenIdles", "a client is not idle")
		_ = s
	}, genesystest.IdleTimeout(5*time.Minute))
}

func TestTokensHaveTheirOwnLifetimeAndAreRevokedOneByOne(t *testing.T) {
	loggedIn(t, func(t *testing.T, s *genesystest.Server, c *client) {
		short := s.LogIn(genesystest.Login{ClientID: appClient, UserID: "user-a", Lifetime: time.Minute})
		require.True(t, s.RevokeToken(c.token))
		require.False(t, s.RevokeToken(c.token))
		c.refused(http.MethodGet, "/api/v2/users/me", nil, http.StatusUnauthorized, "bad.credentials")
		c.token = short
		c.get("/api/v2/users/me")
		time.Sleep(time.Minute)
		c.refused(http.MethodGet, "/api/v2/users/me", nil, http.StatusUnauthorized, "bad.credentials")
	})
}

func TestAUserOfAnotherOrganisationFindsHimselfAlone(t *testing.T) {
	loggedIn(t, func(t *testing.T, s *genesystest.Server, c *client) {
		p := s.Play(genesystest.BlindTransferToQueue())
		time.Sleep(time.Minute)
		c.token = s.LogIn(genesystest.Login{ClientID: appClient, UserID: "user-a", OrganizationID: "another"})
		require.Equal(t, "another", c.get("/api/v2/tokens/me")["organization"].(object)["id"])
		require.Equal(t, "another", c.get("/api/v2/users/me?expand=organization")["organization"].(object)["id"])
		c.refused(http.MethodGet, "/api/v2/conversations/"+p.ID(), nil, http.StatusNotFound, "not.found")
	})
}

func TestUsersAreListedByState(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		s.AddUsers(genesystest.Entry{ID: "u-1"}, genesystest.Entry{ID: "u-2", State: "inactive"})
		for query, want := range map[string]int{"": 1, "?state=active": 1, "?state=inactive": 1, "?state=deleted": 0, "?state=any": 2} {
			require.Len(t, c.get("/api/v2/users" + query)["entities"], want, query)
		}
	})
}
