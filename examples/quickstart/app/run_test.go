package main

import (
	"bytes"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestItFollowsACallOverTheSDKAndEndsByItself(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), options{speed: 60, database: filepath.Join(t.TempDir(), "quickstart.db")}, &out))
	var happened []string
	event := regexp.MustCompile(`^\d\d:\d\d:\d\d\.\d{3}  (\S+) +(.*)$`)
	for line := range strings.Lines(out.String()) {
		if m := event.FindStringSubmatch(strings.TrimSpace(line)); m != nil && m[1] != "participant.added" {
			happened = append(happened, m[1]+": "+regexp.MustCompile(`after [\d.ms]+$`).ReplaceAllString(m[2], "after a while"))
		}
	}
	require.Equal(t, []string{
		"conversation.created: inbound voice",
		"agent.connected: user-a took it from queue q-1",
		"agent.transferred: user-a transferred it to queue q-2 (blind)",
		"agent.connected: user-b took it from queue q-2",
		"agent.disconnected: user-b hung up (client)",
		"conversation.ended: after a while",
	}, happened, out.String())
	require.Equal(t, 6, strings.Count(out.String(), "participant.added"))
	require.Contains(t, out.String(), "stored: Ended")
	require.Regexp(t, `agent     user-b .*█+▒+ +client`, out.String())
	require.NotContains(t, out.String(), "\x1b[", "colour is for terminals")
}

func TestARegionThatDoesNotExistIsRefusedInASentence(t *testing.T) {
	err := run(t.Context(), options{region: "mars", clientID: "id", clientSecret: "secret", database: filepath.Join(t.TempDir(), "quickstart.db")}, &bytes.Buffer{})
	require.ErrorContains(t, err, `GENESYS_REGION: genesys: "mars" is not a region`)
}
