package genesys_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys"
)

// TestAllThatComesOneAfterTheOtherIsDecoded: who gathers messages may write them
// so, and a source that passed on the first alone would take the others for heard.
func TestAllThatComesOneAfterTheOtherIsDecoded(t *testing.T) {
	_, messages := everyShape(t)
	for name, message := range messages {
		t.Run(name, func(t *testing.T) {
			once := len(decode(t, message).Conversations)
			require.Len(t, decode(t, message+"\n"+message).Conversations, 2*once)
		})
	}
	envelope, frame := messages["EventBridge envelope"], messages["WebSocket frame of a user topic"]
	require.Len(t, decode(t, `{"MessageId":"1","Body":`+object(t, envelope+envelope+"\n"+frame)+`}`).Conversations, 3)
}

func TestWhatIsBehindAMessageAndIsNoneIsRefused(t *testing.T) {
	_, messages := everyShape(t)
	for name, message := range messages {
		t.Run(name, func(t *testing.T) {
			once := len(decode(t, message).Conversations)
			for _, behind := range []string{"nonsense", "\nnonsense", ",", "}", "\x00", `{"cut":`, "17"} {
				m, err := genesys.Decode([]byte(message+behind), time.Time{})
				require.ErrorContains(t, err, "element 2: message", "%q", behind)
				require.Len(t, m.Conversations, once, "%q", behind)
			}
		})
	}
	envelope := messages["EventBridge envelope"]
	m, err := genesys.Decode([]byte(`{"MessageId":"1","Body":`+object(t, envelope+"nonsense")+`}`), time.Time{})
	require.ErrorContains(t, err, "element 2: message: not valid JSON")
	require.Len(t, m.Conversations, 1)
}

func TestNumbersAndWordsAreNoMessagesHoweverManyThereAre(t *testing.T) {
	for _, message := range []string{"1 2 3", "true null 7", `7 {"conversationId":"c","conversationStart":"2025-01-10T09:00:00Z"}`} {
		_, err := genesys.Decode([]byte(message), time.Time{})
		require.EqualError(t, err, "message: not valid JSON", message)
	}
}

func TestAListThatIsAnObjectWithMembersIsNone(t *testing.T) {
	for _, member := range []string{"entities", "conversations"} {
		require.Empty(t, decode(t, `{"`+member+`":{ }}`).Conversations)
		_, err := genesys.Decode([]byte(`{"`+member+`":{"id":"c","participants":[{"id":"p","purpose":"agent"}]}}`), time.Time{})
		require.ErrorContains(t, err, member+" is not an array")
	}
}
