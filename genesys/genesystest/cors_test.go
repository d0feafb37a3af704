package genesystest_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/genesystest"
)

func TestABrowserMaySendWhatTheOfficialSDKSendsFromThePagesOfTheClients(t *testing.T) {
	browsing(t, func(t *testing.T, b *browser) {
		for _, path := range []string{"/api/v2/users/me", channelsPath, "/oauth/token"} {
			res := b.send(http.MethodOptions, path, nil, "Origin", appOrigin, "Access-Control-Request-Method", "POST",
				"Access-Control-Request-Headers", "authorization, Content-Type")
			require.Equal(t, http.StatusNoContent, res.status, path)
			require.Equal(t, appOrigin, res.header.Get("Access-Control-Allow-Origin"), path)
			require.Equal(t, "authorization, content-type", res.header.Get("Access-Control-Allow-Headers"), path)
			require.Contains(t, res.header.Get("Access-Control-Allow-Methods"), "PUT")
		}
	})
}

func TestABrowserMaySendNothingElse(t *testing.T) {
	browsing(t, func(t *testing.T, b *browser) {
		for what, header := range map[string][]string{
			"from another page":     {"Origin", "https://evil.example", "Access-Control-Request-Method", "GET"},
			"from a sandbox":        {"Origin", "null", "Access-Control-Request-Method", "GET"},
			"from another port":     {"Origin", appOrigin + ":8443", "Access-Control-Request-Method", "GET"},
			"with another header":   {"Origin", appOrigin, "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "authorization,x-other"},
			"by an unknown method":  {"Origin", appOrigin, "Access-Control-Request-Method", "TRACE"},
			"without saying how":    {"Origin", appOrigin},
			"without saying where":  {"Access-Control-Request-Method", "GET"},
			"from a similar origin": {"Origin", appOrigin + ".evil.example", "Access-Control-Request-Method", "GET"},
		} {
			res := b.send(http.MethodOptions, "/api/v2/users/me", nil, header...)
			require.Equal(t, http.StatusForbidden, res.status, what)
			require.Empty(t, res.header.Get("Access-Control-Allow-Headers"), what)
		}
	})
}

func TestRefusalsAndFaultsCanBeReadByThePage(t *testing.T) {
	browsing(t, func(t *testing.T, b *browser) {
		res := b.send(http.MethodGet, "/api/v2/users/me", nil, "Origin", appOrigin)
		require.Equal(t, http.StatusUnauthorized, res.status)
		require.Equal(t, appOrigin, res.header.Get("Access-Control-Allow-Origin"))
		b.server.Faults().ServerErrors(1, http.StatusServiceUnavailable)
		require.Equal(t, http.StatusNoContent, b.send(http.MethodOptions, "/api/v2/users/me", nil, "Origin", appOrigin, "Access-Control-Request-Method", "GET").status)
		res = b.send(http.MethodGet, "/api/v2/users/me", nil, "Origin", appOrigin)
		require.Equal(t, http.StatusServiceUnavailable, res.status)
		require.Equal(t, appOrigin, res.header.Get("Access-Control-Allow-Origin"))
		res = b.send(http.MethodGet, "/api/v2/users/me", nil, "Origin", "https://evil.example")
		require.Empty(t, res.header.Get("Access-Control-Allow-Origin"))
	}, genesystest.RateLimit(0))
}
