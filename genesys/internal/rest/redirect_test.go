package rest_test

import (
	"net/http"
	"testing"

	"github.com/dcmkit/convtrack/genesys/internal/rest"
	"github.com/dcmkit/convtrack/genesys/internal/rest/resttest"
)

func TestNoRedirectIsFollowedWithACredential(t *testing.T) {
	resttest.NoRedirectIsFollowed(t, func(via *http.Transport) rest.Transport {
		return rest.HTTP(&http.Client{Transport: via}, resttest.Origin)
	})
}
