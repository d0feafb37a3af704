package genesystest_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// kinds decodes frames and counts them by kind.
func kinds(t *testing.T, frames [][]byte) map[genesys.Kind]int {
	t.Helper()
	n := map[genesys.Kind]int{}
	for _, f := range frames {
		m, err := genesys.Decode(f, time.Time{})
		require.NoError(t, err, "%s", f)
		n[m.Kind]++
	}
	return n
}

func TestAPingIsAnsweredAndOtherTextIgnored(t *testing.T) {
	virtual(t, func(t *testing.T, _ *genesystest.Server, c *client) {
		_, uri := c.channel()
		so := c.open(uri)
		require.NoError(t, so.conn.WriteMessage(websocket.TextMessage, []byte("hello?")))
		require.NoError(t, so.conn.WriteMessage(websocket.TextMessage, []byte(`{"message":"ping"}`)))
		o := so.next()
		require.Equal(t, "channel.metadata", o["topicName"])
		require.Equal(t, "pong", o["eventBody"].(object)["message"])
		pong := make(chan string, 1)
		so.conn.SetPongHandler(func(data string) error { pong <- data; return nil })
		require.NoError(t, so.conn.WriteControl(websocket.PingMessage, []byte("p"), time.Now().Add(time.Second)))
		require.Equal(t, "p", <-pong)
	})
}

func TestASecondConnectionClosesTheFirst(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		_, uri := c.channel("v2.users.user-a.conversations")
		first := c.open(uri)
		second := c.open(uri)
		require.Equal(t, websocket.CloseNormalClosure, first.closed())
		require.NoError(t, s.Play(genesystest.BlindTransferToQueue()).Wait(t.Context()))
		require.NotZero(t, kinds(t, second.soFar())[genesys.KindConversation])
	})
}

func TestASocketHearsAsSoonAsItsClientKnowsThatItIsOpen(t *testing.T) {
	s := genesystest.NewServer(t, genesystest.RateLimit(0))
	_, uri := newClient(t, s).channel()
	for range 300 {
		conn, answer, err := newClient(t, s).dial(uri)
		open := s.Faults().CutSockets()
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.NoError(t, conn.Close())
		require.Equal(t, 1, open)
		require.Eventually(t, func() bool { return s.Faults().CutSockets() == 0 }, time.Minute, time.Millisecond)
	}
}

func TestNothingIsQueuedForAbsentClients(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		_, uri := c.channel("v2.users.user-a.conversations")
		require.NoError(t, c.open(uri).conn.Close())
		synctest.Wait()
		require.NoError(t, s.Play(genesystest.BlindTransferToQueue()).Wait(t.Context()))
		require.Empty(t, c.open(uri).soFar())
	})
}

func TestAnUnknownChannelRefusesTheHandshake(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		_, uri := c.channel()
		s.Faults().EvictChannels()
		c.refusesHandshake(uri, http.StatusNotFound)
		requests := s.Requests()
		require.Equal(t, "/channels/{id}", requests[len(requests)-1].Path)
		require.Equal(t, http.StatusNotFound, requests[len(requests)-1].Status)
	})
}

func TestACombinedTopicDeliversUnderTheIndividualName(t *testing.T) {
	for name, test := range map[string]struct {
		opts []genesystest.Option
		want string
	}{
		"individual": {nil, "v2.users.user-a.conversations"},
		"combined":   {[]genesystest.Option{genesystest.CombinedTopicNames()}, "v2.users.user-a?presence&conversations"},
	} {
		t.Run(name, func(t *testing.T) {
			virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
				_, uri := c.channel("v2.users.user-a?presence&conversations")
				so := c.open(uri)
				require.NoError(t, s.Play(genesystest.BlindTransferToQueue()).Wait(t.Context()))
				require.Equal(t, test.want, so.next()["topicName"])
				require.NotZero(t, kinds(t, so.soFar())[genesys.KindConversation])
			}, test.opts...)
		})
	}
}

func TestMediaTopicsBringTheirMediumOnly(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		_, uri := c.channel("v2.users.user-a.conversations.calls", "v2.users.user-a.conversations.emails")
		so := c.open(uri)
		require.NoError(t, s.Play(genesystest.BlindTransferToQueue()).Wait(t.Context()))
		frames := so.soFar()
		require.NotZero(t, kinds(t, frames)[genesys.KindConversation])
		for _, f := range frames {
			require.NotContains(t, string(f), "conversations.emails")
		}
	})
}

func TestALeaverHearsNothingWhenToldSo(t *testing.T) {
	heard := func(opts ...genesystest.Option) (n int) {
		virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
			_, uri := c.channel("v2.users.user-a.conversations")
			so := c.open(uri)
			require.NoError(t, s.Play(genesystest.BlindTransferToQueue()).Wait(t.Context()))
			n = kinds(t, so.soFar())[genesys.KindConversation]
		}, opts...)
		return n
	}
	require.Greater(t, heard(), heard(genesystest.LeaversHearNothing()))
}

func TestASlowReaderIsNotWaitedFor(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		_, uri := c.channel("v2.users.user-a.conversations")
		conn, res, err := c.dial(uri)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		t.Cleanup(func() { _ = conn.Close() })
		began := time.Now()
		rnd := rand.New(rand.NewPCG(1, 1))
		for range 40 {
			require.NoError(t, s.Play(transfer().Fresh(rnd)).Wait(t.Context()))
		}
		require.Equal(t, 40*330, int(time.Since(began).Seconds()))
		require.Zero(t, s.Faults().CutSockets(), "the socket was given up")
	})
}

func TestTheMetricsTopicBringsEveryMetricOfTheRecordOnce(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		_, uri := c.channel("v2.analytics.conversation." + transferID + ".metrics")
		so := c.open(uri)
		require.NoError(t, s.Play(transfer()).Wait(t.Context()))
		var got, want []string
		for _, f := range so.soFar() {
			var o struct {
				EventBody struct{ SessionID, Metric, MetricDate string }
			}
			require.NoError(t, json.Unmarshal(f, &o))
			if b := o.EventBody; b.Metric != "" {
				got = append(got, b.SessionID+" "+b.Metric+" "+b.MetricDate)
			}
		}
		for _, p := range c.get("/api/v2/analytics/conversations/" + transferID + "/details")["participants"].([]any) {
			for _, session := range p.(object)["sessions"].([]any) {
				for _, m := range session.(object)["metrics"].([]any) {
					want = append(want, fmt.Sprint(session.(object)["sessionId"], " ", m.(object)["name"], " ", m.(object)["emitDate"]))
				}
			}
		}
		require.NotEmpty(t, want)
		require.ElementsMatch(t, want, got)
	})
}
