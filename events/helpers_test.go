package events_test

import (
	"encoding/json"
	"flag"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
)

var (
	seed   = flag.Uint64("seed", 1, "seed of the shuffles")
	rounds = flag.Int("rounds", 1, "how often each story is shuffled")
)

func random(t *testing.T) *rand.Rand {
	t.Logf("to reproduce: -seed %d", *seed)
	return rand.New(rand.NewPCG(*seed, 0))
}

func conversationJSON(t *testing.T, c *conversation.Conversation) string {
	t.Helper()
	b, err := json.MarshalIndent(c, "", " ")
	require.NoError(t, err)
	return string(b)
}

func object(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}
