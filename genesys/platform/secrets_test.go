package platform_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/mypurecloud/platform-client-sdk-go/v150/platformclientv2"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/platform"
)

// shown returns what f writes to standard output and standard error: the SDK
// has loggers of its own.
func shown(t *testing.T, f func()) string {
	t.Helper()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	out, errs := os.Stdout, os.Stderr
	os.Stdout, os.Stderr = w, w
	text := make(chan string)
	go func() {
		all, _ := io.ReadAll(r)
		text <- string(all)
	}()
	func() {
		defer func() { os.Stdout, os.Stderr = out, errs }()
		f()
	}()
	_ = w.Close()
	return <-text
}

func TestNoSecretTokenOrPersonIsInALogAnErrorOrAPrintedValue(t *testing.T) {
	var n atomic.Int64
	statuses := []int{200, 401, 403, 404, 500, 503, 302, 400}
	s := newCloud(t, func(w http.ResponseWriter, r *http.Request) {
		status := statuses[int(n.Add(1)-1)%len(statuses)]
		if status == 302 {
			w.Header().Set("Location", "/api/v2/users/"+person)
		}
		w.Header().Set("ININ-Correlation-Id", person)
		answer(status, `{"message":"`+person+`","code":"`+person+`","contextId":"`+person+`"}`)(w, r)
	})
	var texts strings.Builder
	logged := shown(t, func() {
		log := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{Level: slog.LevelDebug}))
		// Somebody else in the process has the SDK's loggers set up.
		_ = platformclientv2.NewConfigurationWithConfigFile(filepath.Join(t.TempDir(), "none"), false)
		config := platform.Config{BaseURL: s.URL, ClientID: clientID, ClientSecret: secret, Logger: log}
		c, err := platform.New(config)
		require.NoError(t, err)
		defer c.Close()
		for range 2 * len(statuses) {
			_, err := c.Call(t.Context(), genesys.Request{
				Path: "/api/v2/users/" + url.PathEscape(person), Query: url.Values{"q": {person}}, Body: []byte(person),
			})
			if err != nil {
				fmt.Fprintf(&texts, "%v %+v %#v\n", err, err, err)
				log.Error("failed", "error", err)
			}
		}
		asJSON, err := json.Marshal(struct{ Region, BaseURL, ClientID, ClientSecret any }{config.Region, config.BaseURL, config.ClientID, nil})
		require.NoError(t, err)
		fmt.Fprintf(&texts, "%v %+v %#v %s %v %+v %#v %+v %s", config, config, config, config, &config, c, c, c.Stats(), asJSON)
		log.Info("config", "config", config, "stats", c.Stats())
	})
	require.Contains(t, logged, "path=/api/v2/users/{id} status=403")
	require.NotContains(t, logged, "canary")
	require.NotContains(t, texts.String(), "canary")
}

func TestABaseURLWithAPasswordIsNotShown(t *testing.T) {
	for _, base := range []string{"https://user:canary@example.com", "https://example.com/?key=canary", "http://[canary"} {
		c := platform.Config{BaseURL: base, ClientID: clientID, ClientSecret: secret}
		_, err := platform.New(c)
		require.Error(t, err)
		require.NotContains(t, err.Error()+fmt.Sprintf("%v %#v", c, c), "canary")
	}
}
