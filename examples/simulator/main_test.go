package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTheProgramSaysHowToConnectAndStopsWhenTold(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out, in := io.Pipe()
	ended := make(chan int)
	go func() {
		code := run(ctx, []string{"-addr", "127.0.0.1:0", "-conversations", "20", "-rate", "0", "-speed", "1000", "-statistics", "10ms"}, in, io.Discard)
		_ = in.Close()
		ended <- code
	}()
	lines := bufio.NewScanner(out)
	said := ""
	readUntil := func(text string) {
		for !strings.Contains(said, text) {
			require.True(t, lines.Scan(), "%s", said)
			said += lines.Text() + "\n"
		}
	}
	readUntil("Ctrl-C")
	require.Regexp(t, `http://127\.0\.0\.1:\d+/desktop/\n`, said)
	value := func(name string) string { return regexp.MustCompile(name + ` +(\S+)`).FindStringSubmatch(said)[1] }
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, value("base URL")+"/oauth/token", strings.NewReader("grant_type=client_credentials"))
	require.NoError(t, err)
	req.SetBasicAuth(value("client id"), value("client secret"))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	var token struct {
		AccessToken string `json:"access_token"`
	}
	require.NoError(t, json.NewDecoder(res.Body).Decode(&token))
	require.NotEmpty(t, token.AccessToken)

	readUntil("20 conversations begun, 1 requests")
	stop()
	readUntil("Stopped: 20 conversations begun, 1 requests")
	require.Equal(t, exitStopped, <-ended)
}

func TestWrongUsageIsExplained(t *testing.T) {
	for _, args := range [][]string{{"-rate", "0"}, {"-rate", "-1"}, {"-speed", "0"}, {"-conversations", "-1"}, {"now"}, {"-nonsense"}} {
		var said bytes.Buffer
		require.Equal(t, exitUsage, run(t.Context(), args, io.Discard, &said), "%v", args)
		require.Contains(t, said.String(), "-help")
	}
	for _, wrong := range []string{"-drop 3", "-drop -1", "-duplicate 1.1", "-reorder NaN", "-quality 7", "-rate-limit -5", "-longest -1s", "-longest 0", "-analytics-lag -1s",
		"-lake-lag -1s", "-statistics -1s", "-users -1", "-queues -1", "-speed NaN", "-rate NaN"} {
		var said bytes.Buffer
		flag, value, _ := strings.Cut(wrong, " ")
		require.Equal(t, exitUsage, run(t.Context(), []string{flag, value}, io.Discard, &said), wrong)
		require.Contains(t, said.String(), flag+" ", wrong)
		require.Contains(t, said.String(), "must", wrong)
	}
	var said bytes.Buffer
	require.Equal(t, exitStopped, run(t.Context(), []string{"-help"}, io.Discard, &said))
	require.Contains(t, said.String(), "Usage: simulator")
}

func TestAnAddressThatIsTakenIsAnError(t *testing.T) {
	var said bytes.Buffer
	require.Equal(t, exitFailed, run(t.Context(), []string{"-addr", "256.0.0.1:1"}, io.Discard, &said))
	require.Contains(t, said.String(), "simulator: genesystest: ")

	other, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, other.Close()) }()
	require.Equal(t, exitFailed, run(t.Context(), []string{"-addr", other.Addr().String()}, io.Discard, &said))
	require.Contains(t, said.String(), "choose another -addr")
}
