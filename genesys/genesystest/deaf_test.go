package genesystest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// conversations returns how many frames about conversations a socket got.
func conversations(t *testing.T, frames [][]byte) int {
	return kinds(t, frames)[genesys.KindConversation]
}

func TestADeafChannelIsSubscribedAndBreathesAndTellsNothing(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		const topic = "v2.users.user-a.conversations"
		id, uri := c.channel(topic)
		so := c.open(uri)
		require.Equal(t, 1, s.Faults().DeafenChannels())
		c.subscribe(http.MethodPut, id, topic)
		_, another := c.channel(topic)
		hears := c.open(another)
		require.NoError(t, s.Play(transfer()).Wait(t.Context()))
		time.Sleep(time.Minute)
		require.NotZero(t, kinds(t, so.soFar())[genesys.KindHeartbeat])
		require.Zero(t, conversations(t, so.soFar()))
		require.NotZero(t, conversations(t, hears.soFar()), "a new channel tells")
	})
}

func TestChannelsBeyondThePoolAreDeaf(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		s.Faults().ChannelPool(2)
		var sockets []*socket
		for range 3 {
			_, uri := c.channel("v2.users.user-a.conversations")
			sockets = append(sockets, c.open(uri))
		}
		require.NoError(t, s.Play(transfer()).Wait(t.Context()))
		time.Sleep(time.Minute)
		require.NotZero(t, conversations(t, sockets[0].soFar()))
		require.NotZero(t, conversations(t, sockets[1].soFar()))
		require.Zero(t, conversations(t, sockets[2].soFar()))
	})
}

func TestHoldsCanComeAsTwoIdenticalSnapshots(t *testing.T) {
	heard := func(opts ...genesystest.Option) (n int) {
		virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
			_, uri := c.channel("v2.users.user-a.conversations")
			so := c.open(uri)
			for _, scenario := range genesystest.Scenarios() {
				if scenario.Name == "four holds within 750 ms" {
					require.NoError(t, s.Play(scenario.Story()).Wait(t.Context()))
				}
			}
			time.Sleep(time.Minute)
			n = conversations(t, so.soFar())
		}, opts...)
		return n
	}
	once := heard()
	require.NotZero(t, once)
	require.Equal(t, once+8, heard(genesystest.HoldsTwice()), "each hold and each unhold once more")
}
