package events_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/genesystest"
)

func TestWhoComesAndGoesInTheMomentOfALeaveTakesNobodyAway(t *testing.T) {
	for _, ch := range channels {
		s := genesystest.NewStory("c-moment")
		s.Customer("cust", 0).Ends(300*time.Second, "endpoint")
		s.Agent("a", time.Second, "user-a", "").Answer(5*time.Second).Ends(60*time.Second, "client").NoWrapUp()
		s.Agent("c", 40*time.Second, "user-c", "").Answer(45*time.Second).Ends(90*time.Second, "client").NoWrapUp()
		s.Agent("b", 60*time.Second+100*time.Millisecond, "user-b", "").Answer(60*time.Second+200*time.Millisecond).Ends(60*time.Second+900*time.Millisecond, "error").NoWrapUp()
		l := newListener()
		l.hear(decode(t, ch.messages(s))...)
		l.announce(true)
		_, rest := l.said()
		require.Contains(t, rest, "disconnected user-a client 1", ch.name)
		require.Contains(t, l.further(), "left user-a disconnected 1", ch.name)
		require.Contains(t, rest, "disconnected user-c client 0", ch.name)
	}
}
