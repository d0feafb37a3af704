package genesystest_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// BenchmarkLoad plays a conversation of a second for each iteration, 300 a
// second, and a client listens to all of them on a loopback socket.
func BenchmarkLoad(b *testing.B) {
	s := genesystest.NewServer(b, genesystest.RateLimit(0))
	load := genesystest.Load{Conversations: 1, Seed: 1, Speed: 300, Users: 1, Queues: 1,
		Scenarios: []genesystest.Scenario{{Story: genesystest.BlindTransferToQueue}}}
	require.NoError(b, s.Load(load).Wait(b.Context())) // it hires the only agent
	user := s.Truth()[0].Story.Legs[3].User

	call := func(r genesys.Request) (answer map[string]any) {
		body, err := s.API().Call(b.Context(), r)
		require.NoError(b, err)
		require.NoError(b, json.Unmarshal(body, &answer))
		return answer
	}
	channel := call(genesys.Request{Method: http.MethodPost, Path: channelsPath})
	call(genesys.Request{Method: http.MethodPut, Path: channelsPath + "/" + channel["id"].(string) + "/subscriptions",
		Body: []byte(`[{"id":"v2.users.` + user + `.conversations"}]`)})
	conn, res, err := (&websocket.Dialer{NetDialContext: s.DialContext}).DialContext(b.Context(), channel["connectUri"].(string), nil)
	require.NoError(b, err)
	require.NoError(b, res.Body.Close())
	read := make(chan int)
	go func() {
		for n := 0; ; n++ {
			if _, _, err := conn.ReadMessage(); err != nil {
				read <- n
				return
			}
		}
	}()

	load.Conversations, load.PerSecond = b.N, 300
	b.ResetTimer()
	began := time.Now()
	require.NoError(b, s.Load(load).Wait(b.Context()))
	took := time.Since(began)
	b.StopTimer()
	s.Faults().CloseSockets(websocket.CloseNormalClosure, "")
	b.ReportMetric(float64(<-read)/took.Seconds(), "frames/s")
	_ = conn.Close()
}
