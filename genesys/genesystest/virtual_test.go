package genesystest_test

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

func TestADayOfHeartbeatsTakesMillisecondsInVirtualTime(t *testing.T) {
	began := time.Now()
	synctest.Test(t, func(t *testing.T) {
		s := genesystest.NewServer(t, genesystest.InMemory())
		c := newClient(t, s)
		_, uri := c.channel()
		so := c.open(uri)
		time.Sleep(24*time.Hour - time.Second)
		synctest.Wait()
		frames := so.here()
		require.Len(t, frames, 2*60*24-1)
		for _, f := range frames {
			m, err := genesys.Decode(f, time.Now())
			require.NoError(t, err)
			require.Equal(t, genesys.KindHeartbeat, m.Kind)
		}
		require.Equal(t, 1001, so.closed(), "the channel has lived its 24 hours")
	})
	t.Logf("24 h took %v", time.Since(began))
}

func TestAStoryIsPlayedAtItsOwnMoments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := genesystest.NewServer(t, genesystest.InMemory())
		c := newClient(t, s)
		_, uri := c.channel("v2.users.user-a.conversations")
		so := c.open(uri)
		began := time.Now()
		p := s.Play(genesystest.BlindTransferToQueue())
		first := so.next()
		require.Equal(t, "v2.users.user-a.conversations", first["topicName"])
		require.Equal(t, 13*time.Second, time.Since(began), "the alert at user-a is the first that concerns user-a")
		require.NoError(t, p.Wait(t.Context()))
		require.Equal(t, 330*time.Second, time.Since(began).Truncate(time.Second))
		var last object
		for _, f := range so.here() {
			var o object
			require.NoError(t, json.Unmarshal(f, &o))
			if o["topicName"] != "channel.metadata" {
				last = o
			}
		}
		require.Len(t, last["eventBody"].(object)["participants"], 6)
	})
}
