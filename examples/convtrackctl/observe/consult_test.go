package observe

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheNoteOfAFactIsThatOfWhatContradicts(t *testing.T) {
	for range 50 { // maps are read in any order
		facts := &tally{conversations: map[string]bool{}}
		d := consultEnd(facts)
		for i, ended := range []string{"CONSULT_TRANSFER", "PEER", "CLIENT", "CONSULT_TRANSFER"} {
			session := fmt.Sprint("session-", i)
			d.see(&observation{event: "user.end", body: object{"sessionId": session, "disconnectType": ended}})
			d.see(&observation{by: Records, conversation: "1", body: object{"participants": []any{map[string]any{"sessions": []any{
				map[string]any{"sessionId": session, "metrics": []any{map[string]any{"name": "nConsultTransferred"}}}}}}}})
		}
		d.end(nil)
		require.Equal(t, "it said "+word("PEER"), facts.note)
		require.False(t, facts.cases["session-1"])
	}
}
