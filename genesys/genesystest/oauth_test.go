package genesystest_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// virtual runs a test with a server on an in-memory network in virtual time.
func virtual(t *testing.T, do func(t *testing.T, s *genesystest.Server, c *client), opts ...genesystest.Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := genesystest.NewServer(t, append([]genesystest.Option{genesystest.InMemory()}, opts...)...)
		do(t, s, newClient(t, s))
	})
}

func TestATokenIsValidForItsLifetime(t *testing.T) {
	virtual(t, func(t *testing.T, _ *genesystest.Server, c *client) {
		require.Equal(t, "simulator-client", c.get("/api/v2/tokens/me")["OAuthClient"].(object)["id"])
		time.Sleep(time.Hour)
		c.refused(http.MethodGet, "/api/v2/tokens/me", nil, http.StatusUnauthorized, "bad.credentials")
		c.login()
		c.get("/api/v2/organizations/me")
	}, genesystest.TokenLifetime(time.Hour))
}

func TestARequestNeedsAKnownToken(t *testing.T) {
	virtual(t, func(t *testing.T, _ *genesystest.Server, c *client) {
		c.token = "somebody's"
		c.refused(http.MethodGet, "/api/v2/organizations/me", nil, http.StatusUnauthorized, "bad.credentials")
	})
}

func TestALoginNeedsTheCredentials(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		id, secret := s.Credentials()
		require.Equal(t, []string{"me", "mine"}, []string{id, secret})
		status, body := c.tryLogin("me", "yours")
		require.Equal(t, http.StatusBadRequest, status)
		require.Equal(t, "invalid_client", body["error"])
		require.NotEmpty(t, body["error_description"])
	}, genesystest.Credentials("me", "mine"))
}

func TestEachClientHasItsOwnLimitAndChannels(t *testing.T) {
	virtual(t, func(t *testing.T, _ *genesystest.Server, c *client) {
		c.get(channelsPath)
		c.do(http.MethodPost, channelsPath, nil, http.StatusOK)
		c.do(http.MethodGet, channelsPath, nil, http.StatusTooManyRequests)
		status, body := c.tryLogin("second", "secret")
		require.Equal(t, http.StatusOK, status)
		c.token = body["access_token"].(string)
		require.Empty(t, c.get(channelsPath + "?includechannels=oauthclient")["entities"])
		status, _ = c.tryLogin("second", "wrong")
		require.Equal(t, http.StatusBadRequest, status)
	}, genesystest.AnotherClient("second", "secret"), genesystest.RateLimit(2))
}

func TestAClientIsNoUser(t *testing.T) {
	virtual(t, func(_ *testing.T, _ *genesystest.Server, c *client) {
		for _, path := range []string{"/api/v2/users/me", "/api/v2/routing/queues/me", "/api/v2/conversations/calls"} {
			c.refused(http.MethodGet, path, nil, http.StatusBadRequest, "not.a.user")
		}
	})
}

func TestDoubledSlashesOfAGatewayAreAccepted(t *testing.T) {
	virtual(t, func(_ *testing.T, _ *genesystest.Server, c *client) { c.get("//api/v2/organizations/me") })
}

func TestUnknownPathsAreNotFound(t *testing.T) {
	virtual(t, func(_ *testing.T, _ *genesystest.Server, c *client) {
		c.refused(http.MethodGet, "/api/v2/nothing", nil, http.StatusNotFound, "not.found")
		c.refused(http.MethodPost, "/api/v2/organizations/me", nil, http.StatusNotFound, "not.found")
	})
}
