package platform

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/internal/rest"
	"github.com/dcmkit/convtrack/genesys/internal/rest/resttest"
)

func TestNoRedirectIsFollowedWithACredential(t *testing.T) {
	resttest.NoRedirectIsFollowed(t, func(via *http.Transport) rest.Transport {
		tr := &transport{base: resttest.Origin, login: rest.LoginURL(resttest.Origin)}
		config, err := tr.pool.take()
		require.NoError(t, err)
		httpClient(config).Transport = via
		tr.pool.put(config) // where each call takes it
		return tr
	})
}
