package architect_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/architect"
)

// Pitfall B6: a status inside the body is a success to a flow.
func TestTheCheckTellsWhatIsBetweenTheFlowAndTheHandler(t *testing.T) {
	h, kept, _ := newHandler(t)
	for name, c := range map[string]struct {
		between http.HandlerFunc
		secret  string
		says    string
	}{
		"nothing": {between: h.ServeHTTP, secret: token},
		"a function that answers 200 to everything": {secret: token, says: "swallow", between: func(w http.ResponseWriter, r *http.Request) {
			inner := httptest.NewRecorder()
			h.ServeHTTP(inner, r)
			_ = json.NewEncoder(w).Encode(map[string]any{"statusCode": inner.Code, "body": inner.Body.String()})
		}},
		"a gateway that changes successes": {secret: token, says: "a heartbeat is answered 200 by something else", between: func(w http.ResponseWriter, r *http.Request) {
			inner := httptest.NewRecorder()
			h.ServeHTTP(inner, r)
			if inner.Code != http.StatusOK {
				w.WriteHeader(inner.Code)
			}
		}},
		"a gateway that takes the header away": {secret: token, says: "refuses the token", between: func(w http.ResponseWriter, r *http.Request) {
			r.Header.Del("Authorization")
			h.ServeHTTP(w, r)
		}},
		"another server": {secret: token, says: "404", between: http.NotFound},
		"another token":  {secret: "other", says: "refuses the token", between: h.ServeHTTP},
	} {
		t.Run(name, func(t *testing.T) {
			client := &http.Client{Transport: direct{c.between}}
			err := architect.CheckEndpoint(t.Context(), client, "https://backend.example.com/updates?key=canary", c.secret)
			if c.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), "canary")
		})
	}
	require.Empty(t, kept.all(), "it is no hint")
}

// A redirect leads to where the secret does not belong, or there in clear text.
func TestTheCheckFollowsNoRedirectWithTheSecret(t *testing.T) {
	const endpoint = "https://backend.example.com/updates"
	for _, to := range []string{"https://evil.example/updates", "https://x.backend.example.com/updates", "http://backend.example.com/updates", "/elsewhere"} {
		for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
			asked := 0
			client := &http.Client{Transport: direct{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked++
				http.Redirect(w, r, to, status)
			})}}
			err := architect.CheckEndpoint(t.Context(), client, endpoint, token)
			require.ErrorContains(t, err, strconv.Itoa(status))
			require.ErrorContains(t, err, "redirects to another place")
			require.Equal(t, 1, asked, to)
			require.Nil(t, client.CheckRedirect, "the client is the caller's")
		}
	}
}
