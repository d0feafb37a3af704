package wire

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAnObjectWithManyNamesIsLeftToTheDecoder: the reader compares names with
// each other, which would take ever longer.
func TestAnObjectWithManyNamesIsLeftToTheDecoder(t *testing.T) {
	read := func(names int) error {
		var attributes []string
		for i := range names {
			attributes = append(attributes, fmt.Sprintf(`"name %d":""`, i))
		}
		frame := `{"topicName":"t","eventBody":{"id":"c","participants":[{"id":"p","attributes":{` + strings.Join(attributes, ",") + `}}]}}`
		var c Conversation
		require.NoError(t, Unmarshal([]byte(frame), &struct {
			EventBody *Conversation `json:"eventBody"`
		}{&c}))
		require.Len(t, c.Participants[0].Attributes, names)
		return Frame([]byte(frame), true, func(string) any { return &Conversation{} })
	}
	require.NoError(t, read(mostNames))
	require.ErrorIs(t, read(mostNames+1), errTwice)
	require.ErrorIs(t, read(100_000), errTwice)
}
