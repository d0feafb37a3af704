package genesystest_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// hearTransfers plays the transfer some times, one after the other, and
// returns the frames of conversations in the order in which they came.
func hearTransfers(t *testing.T, p genesystest.FrameFaults, opts ...genesystest.Option) (heard []string, counts genesystest.Counts) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		s.Faults().Frames(p)
		_, uri := c.channel("v2.users.user-a.conversations", "v2.routing.queues.q-1.conversations")
		so := c.open(uri)
		rnd := rand.New(rand.NewPCG(7, 7))
		for range 20 {
			require.NoError(t, s.Play(transfer().Fresh(rnd)).Wait(t.Context()))
		}
		time.Sleep(time.Minute)
		for _, f := range so.soFar() {
			if kinds(t, [][]byte{f})[genesys.KindConversation] > 0 {
				heard = append(heard, fmt.Sprintf("%x", sha256.Sum256(f))[:16])
			}
		}
		counts = s.Counts()
	}, opts...)
	return heard, counts
}

func TestFramesAreDroppedDuplicatedReorderedAndDelayed(t *testing.T) {
	all, none := hearTransfers(t, genesystest.FrameFaults{})
	require.Zero(t, none.Dropped+none.Duplicated+none.Reordered)

	heard, n := hearTransfers(t, genesystest.FrameFaults{Drop: 0.3})
	require.NotZero(t, n.Dropped)
	require.Len(t, heard, len(all)-int(n.Dropped))

	heard, n = hearTransfers(t, genesystest.FrameFaults{Duplicate: 0.3})
	require.NotZero(t, n.Duplicated)
	require.Len(t, heard, len(all)+int(n.Duplicated))
	slices.Sort(heard)
	require.Len(t, slices.Compact(heard), len(all))

	heard, n = hearTransfers(t, genesystest.FrameFaults{Reorder: 0.5, Jitter: 30 * time.Second})
	require.NotZero(t, n.Reordered)
	require.NotEqual(t, all, heard)
	require.ElementsMatch(t, all, heard)
}

func TestTheSameSeedMakesTheSameFaults(t *testing.T) {
	p := genesystest.FrameFaults{Drop: 0.2, Duplicate: 0.2, Reorder: 0.2, Jitter: time.Minute}
	first, _ := hearTransfers(t, p, genesystest.Seed(5))
	again, _ := hearTransfers(t, p, genesystest.Seed(5))
	other, _ := hearTransfers(t, p, genesystest.Seed(6))
	require.Equal(t, first, again)
	require.NotEqual(t, first, other)
}

func TestADelayHoldsFramesButNotHeartbeats(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		s.Faults().Frames(genesystest.FrameFaults{Delay: time.Hour})
		_, uri := c.channel("v2.users.user-a.conversations")
		so := c.open(uri)
		s.Play(transfer())
		time.Sleep(59*time.Minute + time.Second)
		require.Zero(t, kinds(t, so.soFar())[genesys.KindConversation])
		time.Sleep(7 * time.Minute)
		n := kinds(t, so.soFar())
		require.NotZero(t, n[genesys.KindConversation])
		require.Equal(t, 14, n[genesys.KindHeartbeat])
	})
}

func TestASilentSocketStaysOpenAndSaysNothing(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		_, uri := c.channel("v2.users.user-a.conversations")
		so := c.open(uri)
		require.Equal(t, 1, s.Faults().SilenceSockets())
		s.Play(transfer())
		time.Sleep(time.Hour)
		require.NoError(t, so.conn.WriteMessage(websocket.TextMessage, []byte(`{"message":"ping"}`)))
		require.NoError(t, so.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second)))
		time.Sleep(time.Hour)
		require.Empty(t, so.here())
		select {
		case <-so.frames:
			t.Fatal("the socket is closed")
		default:
		}
		c.open(uri).soFar() // a new one works
	})
}

func TestSocketsAreCutClosedAndWarned(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		_, uri := c.channel("v2.users.user-a.conversations")
		so := c.open(uri)
		require.Equal(t, 1, s.Faults().CutSockets())
		require.Zero(t, so.closed(), "no closing frame")

		so = c.open(uri)
		require.Equal(t, 1, s.Faults().CloseSockets(websocket.CloseGoingAway, "idle"))
		require.Equal(t, websocket.CloseGoingAway, so.closed())

		so = c.open(uri)
		began := time.Now()
		require.Equal(t, 1, s.Faults().AnnounceClosing(time.Minute))
		require.Equal(t, "v2.system.socket_closing", so.next()["topicName"])
		s.Play(transfer())
		require.Equal(t, "v2.users.user-a.conversations", so.next()["topicName"], "messages go on")
		require.Equal(t, websocket.CloseGoingAway, so.closed())
		require.Equal(t, time.Minute, time.Since(began))

		so = c.open(uri)
		time.Sleep(5 * time.Minute)
		require.NotZero(t, kinds(t, so.soFar())[genesys.KindConversation], "the subscriptions have survived")
	})
}

func TestChannelsAreEvictedAndExpire(t *testing.T) {
	for name, lose := range map[string]func(*genesystest.Faults) int{
		"evicted": (*genesystest.Faults).EvictChannels, "expired": (*genesystest.Faults).ExpireChannels,
	} {
		t.Run(name, func(t *testing.T) {
			virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
				id, uri := c.channel()
				so := c.open(uri)
				require.Equal(t, 1, lose(s.Faults()))
				require.NotZero(t, so.closed())
				require.Equal(t, http.StatusNotFound, c.head(id))
				c.refusesHandshake(uri, http.StatusNotFound)
			})
		})
	}
}

func TestTokensAreRevoked(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		_, uri := c.channel()
		so := c.open(uri)
		require.Equal(t, 1, s.Faults().RevokeTokens(false))
		c.refused(http.MethodGet, "/api/v2/tokens/me", nil, http.StatusUnauthorized, "bad.credentials")
		so.soFar() // the socket lives on
		c.login()
		s.Faults().RevokeTokens(true)
		o := so.next()
		require.Equal(t, "token_revoked", o["eventBody"].(object)["systemTopicType"])
		require.Equal(t, websocket.CloseNormalClosure, so.closed())
	})
}

func TestRequestsFail(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		const path = "/api/v2/organizations/me"
		s.Faults().TooManyRequests(2, 7*time.Second)
		for range 2 {
			r := c.do(http.MethodGet, path, nil, http.StatusTooManyRequests)
			require.Equal(t, "7", r.header.Get("Retry-After"))
		}
		c.get(path)

		undo := s.Faults().ServerErrors(0, http.StatusServiceUnavailable)
		c.refused(http.MethodGet, path, nil, http.StatusServiceUnavailable, "service.unavailable")
		undo()
		undo() // once is enough
		c.get(path)

		undo = s.Faults().Slow(10 * time.Second)
		began := time.Now()
		c.do(http.MethodPost, queryPath, object{"interval": days(0, 1)}, http.StatusOK)
		require.Equal(t, 10*time.Second, time.Since(began))
		last := s.Requests()[len(s.Requests())-1]
		require.Equal(t, 10*time.Second, last.Took)
		undo()

		undo = s.Faults().Requests(genesystest.RequestFault{Chance: 0.5, Status: http.StatusBadGateway,
			Match: func(method, path string) bool {
				return method == http.MethodGet && path == "/api/v2/conversations/{id}"
			}})
		statuses := map[int]int{}
		for range 40 {
			r, err := c.try(t.Context(), http.MethodGet, "/api/v2/conversations/c-1", nil)
			require.NoError(t, err)
			statuses[r.status]++
			c.get(path)
		}
		require.Greater(t, statuses[http.StatusBadGateway], 5)
		require.Greater(t, statuses[http.StatusNotFound], 5)
		undo()
	})
}

func TestAMatchMayChangeTheFaults(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		var undo func()
		undo = s.Faults().Requests(genesystest.RequestFault{Status: http.StatusBadGateway, Match: func(string, string) bool {
			undo()
			s.Faults().Requests(genesystest.RequestFault{Status: http.StatusServiceUnavailable, Times: 1, Match: func(_, path string) bool { return path == "/api/v2/conversations" }})
			return true
		}})
		for _, status := range []int{http.StatusOK, http.StatusServiceUnavailable, http.StatusOK} { // the fault is undone before it happens
			r, err := c.try(t.Context(), http.MethodGet, "/api/v2/conversations", nil)
			require.NoError(t, err)
			require.Equal(t, status, r.status)
		}
	})
}

func TestASimulatorWithoutHeartbeatsSendsNone(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		_, uri := c.channel("v2.users.user-a.conversations")
		so := c.open(uri)
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Empty(t, so.soFar())
	}, genesystest.HeartbeatEvery(0))
}

func TestAHangingRequestEndsWithItsClient(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		undo := s.Faults().Hang()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		_, err := c.try(ctx, http.MethodPost, queryPath, object{"interval": days(0, 1)})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Minute, time.Since(began))

		failed := make(chan error)
		go func() {
			_, err := c.try(t.Context(), http.MethodPost, queryPath, object{"interval": days(0, 1)})
			failed <- err
		}()
		synctest.Wait()
		undo()
		require.Error(t, <-failed, "the connection is cut")
		last := s.Requests()[len(s.Requests())-1]
		require.Zero(t, last.Status)
	})
}

func TestTheLoginHostIsDown(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		undo := s.Faults().LoginDown()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+"/oauth/token", http.NoBody)
		require.NoError(t, err)
		_, err = c.http.Do(req) //nolint:bodyclose // there is no answer
		require.Error(t, err)
		c.get("/api/v2/organizations/me") // the API is up
		undo()
		c.login()
	})
}

func TestCloseEndsWhatHangsAndPlays(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		_, uri := c.channel("v2.users.user-a.conversations")
		so := c.open(uri)
		p := s.Play(transfer())
		s.Faults().Hang()
		failed := make(chan error)
		go func() {
			_, err := c.try(t.Context(), http.MethodGet, "/api/v2/organizations/me", nil)
			failed <- err
		}()
		synctest.Wait()
		s.Close()
		require.Error(t, <-failed)
		require.Zero(t, so.closed())
		require.ErrorIs(t, p.Wait(t.Context()), context.Canceled)
		s.Close() // again
		late := s.Play(transfer().Fresh(rand.New(rand.NewPCG(1, 1))))
		require.ErrorIs(t, late.Wait(t.Context()), context.Canceled)
	})
}
