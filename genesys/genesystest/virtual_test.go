package genesystest_test

import (
	"encoding/json"
	"slices"
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

// TestSpeedDividesWhatComesLate: outcomes are told 89 s after they are reached,
// and a survey can be finished later than it is completed.
func TestSpeedDividesWhatComesLate(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		story := outcomeTwice(t).Story()
		story.Survey("sv-1", "", "", 9*time.Second).Complete(10*time.Second, 80, 9).Lag = 30 * time.Second
		began := time.Now()
		p := s.Play(story, genesystest.Speed(50))
		time.Sleep(500 * time.Millisecond)
		require.Equal(t, "Sent", c.get("/api/v2/quality/surveys/sv-1")["status"])
		time.Sleep(500 * time.Millisecond)
		require.Equal(t, "Finished", c.get("/api/v2/quality/surveys/sv-1")["status"])
		require.NoError(t, p.Wait(t.Context()))
		require.InDelta(t, (8+89)/50., time.Since(began).Seconds(), 0.1)
	})
}

func outcomeTwice(t *testing.T) genesystest.Scenario {
	t.Helper()
	all := genesystest.Scenarios()
	i := slices.IndexFunc(all, func(s genesystest.Scenario) bool { return s.Name == "one outcome of a flow twice, told after the end" })
	require.GreaterOrEqual(t, i, 0)
	return all[i]
}
