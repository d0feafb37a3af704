package platform

import (
	"errors"
	"testing"

	"github.com/mypurecloud/platform-client-sdk-go/v150/platformclientv2"
	"github.com/stretchr/testify/require"
)

func TestAPanicOfTheSDKIsAnErrorAndCostsItsConfiguration(t *testing.T) {
	var tr transport
	_, err := tr.call(t.Context(), 1, func(*platformclientv2.APIClient) error { panic("canary") })
	require.EqualError(t, err, "the SDK panicked (string)")
	require.Empty(t, tr.pool.free)
}

func TestWhatTheSDKSaysWithoutAnAnswerIsAnErrorWithoutItsText(t *testing.T) {
	var tr transport
	_, err := tr.call(t.Context(), 1, func(*platformclientv2.APIClient) error { return errors.New("GET https://canary giving up") })
	require.EqualError(t, err, "the SDK gives no cause")
	_, err = tr.call(t.Context(), 1, func(*platformclientv2.APIClient) error { return nil })
	require.ErrorContains(t, err, "without an answer")
	require.Empty(t, tr.pool.free)
}

func TestAConfigurationInThePoolHoldsNothingOfItsLastCall(t *testing.T) {
	var p pool
	c, err := p.take()
	require.NoError(t, err)
	c.RetryConfiguration.RequestLogHook = (&exchange{}).request
	p.put(c)
	again, err := p.take()
	require.NoError(t, err)
	require.Same(t, c, again)
	require.Nil(t, c.RetryConfiguration.RequestLogHook)
	require.Empty(t, c.AccessToken)
	require.False(t, c.ShouldRefreshAccessToken)
	require.False(t, c.AutomaticTokenRefresh)
	other, err := p.take()
	require.NoError(t, err)
	require.NotSame(t, c, other)
}
