package rest_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/rest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func connect(t *testing.T, s *genesystest.Server, change ...func(*rest.Config)) *rest.Client {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return s.DialContext(ctx, network, strings.TrimPrefix(s.URL(), "http://"))
	}}}
	c := rest.Config{BaseURL: "http://localhost", HTTP: client, Logger: slog.New(slog.DiscardHandler)}
	c.ClientID, c.ClientSecret = s.Credentials()
	for _, f := range change {
		f(&c)
	}
	r, err := rest.New(c)
	require.NoError(t, err)
	t.Cleanup(func() {
		r.Close()
		client.CloseIdleConnections()
	})
	return r
}

func TestAClientReadsTheOrganisation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := genesystest.NewServer(t, genesystest.InMemory(), genesystest.Users(genesystest.Entry{ID: "u-1", Name: "Ada"}),
			genesystest.Queues(genesystest.Entry{ID: "q-1", Name: "Service"}))
		c := connect(t, s)
		o, err := c.Organization(t.Context())
		require.NoError(t, err)
		require.NotEmpty(t, o.ID)
		for u, err := range c.Users(t.Context()) {
			require.NoError(t, err)
			require.Equal(t, "Ada", u.Name)
			require.NotEmpty(t, u.Email)
		}
		for q, err := range c.Queues(t.Context()) {
			require.NoError(t, err)
			require.Equal(t, "Service", q.Name)
		}
		require.EqualValues(t, 3, c.Stats().Calls)
		require.EqualValues(t, 1, c.Stats().TokenCalls)
	})
}

func TestAClientWaitsAsLongAsThePlatformAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := genesystest.NewServer(t, genesystest.InMemory())
		c := connect(t, s)
		s.Faults().TooManyRequests(1, 7*time.Second)
		_, err := c.Organization(t.Context())
		require.True(t, genesys.HasStatus(err, http.StatusTooManyRequests))
		began := time.Now()
		_, err = c.Organization(t.Context())
		require.NoError(t, err)
		require.GreaterOrEqual(t, time.Since(began), 7*time.Second)
	})
}

func TestARequestEndsWithItsTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := genesystest.NewServer(t, genesystest.InMemory())
		c := connect(t, s, func(c *rest.Config) { c.Timeout = 30 * time.Second })
		s.Faults().Requests(genesystest.RequestFault{Hang: true})
		began := time.Now()
		_, err := c.Organization(t.Context())
		require.ErrorContains(t, err, "no answer in time")
		require.Less(t, time.Since(began), time.Minute)
	})
}

func TestWrongCredentialsSayWhatToCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := genesystest.NewServer(t, genesystest.InMemory())
		_, err := connect(t, s, func(c *rest.Config) { c.ClientSecret = "canary" }).Organization(t.Context())
		require.ErrorIs(t, err, genesys.ErrCredentials)
		require.NotContains(t, err.Error(), "canary")
	})
}

func TestAConfigurationIsCheckedAndShowsNoSecret(t *testing.T) {
	good := rest.Config{BaseURL: "https://example.com", ClientID: "id", ClientSecret: "canary"}
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", good, good, &good), "canary")
	for name, spoil := range map[string]func(*rest.Config){
		"no region":          func(c *rest.Config) { c.BaseURL = "" },
		"http in the open":   func(c *rest.Config) { c.BaseURL = "http://example.com" },
		"no id":              func(c *rest.Config) { c.ClientID = "" },
		"a negative timeout": func(c *rest.Config) { c.Timeout = -1 },
	} {
		c := good
		spoil(&c)
		_, err := rest.New(c)
		require.Error(t, err, name)
	}
}
