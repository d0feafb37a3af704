package genesystest_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/genesystest"
)

func TestTheRateLimitHoldsForAMinute(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		for n := range 3 {
			r := c.do(http.MethodGet, "/api/v2/organizations/me", nil, http.StatusOK)
			require.Equal(t, strconv.Itoa(n+1), r.header.Get("inin-ratelimit-count"))
			require.Equal(t, "3", r.header.Get("inin-ratelimit-allowed"))
			time.Sleep(10 * time.Second)
		}
		r := c.do(http.MethodGet, "/api/v2/organizations/me", nil, http.StatusTooManyRequests)
		require.Equal(t, "30", r.header.Get("Retry-After"))
		require.Equal(t, "30", r.header.Get("inin-ratelimit-reset"))
		require.Equal(t, "too.many.requests.retry.after", r.object(t)["code"])
		time.Sleep(30 * time.Second)
		c.do(http.MethodGet, "/api/v2/organizations/me", nil, http.StatusOK)

		requests := s.Requests()
		require.Len(t, requests, 6)
		require.Equal(t, "/oauth/token", requests[0].Path)
		require.Equal(t, 429, requests[4].Status)
		require.Equal(t, 30*time.Second, requests[5].At.Sub(requests[4].At))
	}, genesystest.RateLimit(3))
}

func TestLoginsDoNotCount(t *testing.T) {
	virtual(t, func(_ *testing.T, _ *genesystest.Server, c *client) {
		for range 5 {
			c.login()
		}
		c.get("/api/v2/organizations/me")
	}, genesystest.RateLimit(1))
}

func TestTheLogNamesTemplates(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		c.do(http.MethodGet, "/api/v2/conversations/c-1?x=1", nil, http.StatusNotFound)
		last := s.Requests()[1]
		require.Equal(t, http.MethodGet, last.Method)
		require.Equal(t, "/api/v2/conversations/{id}", last.Path)
		require.Equal(t, http.StatusNotFound, last.Status)
	})
}

func TestTheLogIsBounded(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		for range 50 {
			c.get("/api/v2/organizations/me")
		}
		require.LessOrEqual(t, len(s.Requests()), 20)
		require.GreaterOrEqual(t, len(s.Requests()), 10)
	}, genesystest.Keep(10))
}
