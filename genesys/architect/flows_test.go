package architect_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/architect"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// memory is a Memory that can be down.
type memory struct {
	mu       sync.Mutex
	values   map[string][]byte
	versions map[string]int64
	down     error
}

func newMemory() *memory { return &memory{values: map[string][]byte{}, versions: map[string]int64{}} }

func (m *memory) Value(_ context.Context, name string) ([]byte, int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.values[name], m.versions[name], m.down
}

func (m *memory) SetValue(_ context.Context, name string, value []byte, version int64) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.down != nil:
		return 0, m.down
	case m.versions[name] != version:
		return 0, errors.New("another version")
	}
	m.values[name] = value
	m.versions[name]++
	return version + 1, nil
}

func (m *memory) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down = err
}

func newFlows(t *testing.T, api genesys.API, kept architect.Memory) *architect.Flows {
	t.Helper()
	f, err := architect.NewFlows(architect.FlowsConfig{API: api, Memory: kept})
	require.NoError(t, err)
	return f
}

// simulated runs a test in virtual time.
func simulated(t *testing.T, do func(*testing.T, *genesystest.Server, *architect.Flows), opts ...genesystest.Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := genesystest.NewServer(t, append(opts, genesystest.InMemory())...)
		do(t, s, newFlows(t, s.API(), newMemory()))
	})
}

func TestAFlowRunsAndItsOutputIsReturned(t *testing.T) {
	simulated(t, func(t *testing.T, s *genesystest.Server, f *architect.Flows) {
		began := time.Now()
		e, err := f.Run(t.Context(), architect.Launch{FlowID: "flow-1", Name: "case 4711", Input: map[string]any{"Flow.caseId": "4711", "Flow.jsonData": map[string]any{"a": 1}}})
		require.NoError(t, err)
		require.Equal(t, architect.StatusCompleted, e.Status)
		require.Equal(t, map[string]any{"Flow.echo": "4711"}, e.Output)
		require.Equal(t, "SUCCESS", e.Reason)
		require.Equal(t, 5*time.Minute, e.Completed.Sub(e.Launched))
		require.Less(t, time.Since(began), 6*time.Minute)
		require.Less(t, len(s.Requests()), 60, "it does not ask all the time")
		require.Equal(t, "case 4711", s.FlowExecutions()[0].Name)
	}, genesystest.Flows(genesystest.Flow{ID: "flow-1", Takes: 5 * time.Minute, Does: func(_ context.Context, e genesystest.FlowExecution) (map[string]any, error) {
		return map[string]any{"Flow.echo": e.Input["Flow.caseId"]}, nil
	}}))
}

func TestAFlowThatDoesNotCompleteSaysHowAndQuotesNothing(t *testing.T) {
	for _, status := range []architect.Status{architect.StatusFailed, architect.StatusError, architect.StatusTerminated} {
		simulated(t, func(t *testing.T, _ *genesystest.Server, f *architect.Flows) {
			e, err := f.Run(t.Context(), architect.Launch{FlowID: "flow-1"})
			var failed *architect.FlowError
			require.ErrorAs(t, err, &failed)
			require.Equal(t, &architect.FlowError{ExecutionID: e.ID, Status: status, Code: "flow.broken", Message: "canary"}, failed)
			require.Equal(t, status, e.Status)
			require.NotContains(t, err.Error(), "canary")
			require.ErrorContains(t, err, "flow.broken")
		}, genesystest.Flows(genesystest.Flow{ID: "flow-1", Status: string(status), ErrorCode: "flow.broken", ErrorMessage: "canary"}))
	}
}

func TestTheReasonOfARefusalIsTold(t *testing.T) {
	only := func(path string) func(string, string) bool { return func(_, p string) bool { return p == path } }
	for name, c := range map[string]struct {
		flow string
		deny genesystest.RequestFault
		want error
	}{
		"not published":            {flow: "draft", want: architect.ErrNotPublished},
		"no such flow":             {flow: "nowhere", deny: genesystest.RequestFault{Match: only("/api/v2/flows/executions"), Status: 404}, want: architect.ErrNoFlow},
		"no permission":            {flow: "flow-1", deny: genesystest.RequestFault{Match: only("/api/v2/flows/executions"), Status: 403}, want: architect.ErrNotPermitted},
		"no permission to see it":  {flow: "flow-1", deny: genesystest.RequestFault{Match: only("/api/v2/flows/executions/{id}"), Status: 403}, want: architect.ErrNotPermitted},
		"an input of another kind": {flow: "flow-1", deny: genesystest.RequestFault{Match: only("/api/v2/flows/executions"), Status: 400}},
		"a flow that is not seen":  {flow: "draft", deny: genesystest.RequestFault{Match: only("/api/v2/flows/{id}"), Status: 403}, want: architect.ErrNotPublished},
		"no flow by its code":      {flow: "flow-1", deny: genesystest.RequestFault{Match: only("/api/v2/flows/executions"), Status: 404, Code: "architect.flow.not.found"}, want: architect.ErrNoFlow},
	} {
		t.Run(name, func(t *testing.T) {
			simulated(t, func(t *testing.T, s *genesystest.Server, f *architect.Flows) {
				if c.deny.Status != 0 {
					s.Faults().Requests(c.deny)
				}
				_, err := f.Run(t.Context(), architect.Launch{FlowID: c.flow, Key: "k"})
				var refused *genesys.APIError
				require.ErrorAs(t, err, &refused)
				if c.want != nil {
					require.ErrorIs(t, err, c.want)
				}
				require.True(t, genesys.IsPermanent(err))
			}, genesystest.Flows(genesystest.Flow{ID: "draft", Unpublished: true}, genesystest.Flow{ID: "flow-1"}))
		})
	}
}

func TestAMalformedLaunchIsNotSent(t *testing.T) {
	simulated(t, func(t *testing.T, s *genesystest.Server, f *architect.Flows) {
		for _, l := range []architect.Launch{
			{},
			{FlowID: "f", Input: map[string]any{"caseId": "4711"}},
			{FlowID: "f", Input: map[string]any{"Flow.x": func() {}}},
			{FlowID: "f", Input: map[string]any{"Flow.x": strings.Repeat("ä", 32_001)}}, // pitfall B4
			{FlowID: "f", Input: map[string]any{"Flow.x": []string{strings.Repeat("x", 31_999)}}},
		} {
			_, err := f.Start(t.Context(), l)
			require.ErrorIs(t, err, architect.ErrInput)
		}
		_, err := newFlows(t, s.API(), nil).Start(t.Context(), architect.Launch{FlowID: "f", Key: "k"})
		require.ErrorIs(t, err, architect.ErrInput)
		require.Empty(t, s.Requests())
		_, err = f.Run(t.Context(), architect.Launch{FlowID: "f", Input: map[string]any{"Flow.x": strings.Repeat("ä", 32_000)}})
		require.NoError(t, err)
	})
}

func TestWaitingEndsWithItsTimeAndCanGoOn(t *testing.T) {
	simulated(t, func(t *testing.T, _ *genesystest.Server, f *architect.Flows) {
		id, err := f.Start(t.Context(), architect.Launch{FlowID: "slow"})
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		e, err := f.Wait(ctx, id)
		require.ErrorIs(t, err, architect.ErrStillRunning)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, architect.Execution{ID: id, Status: architect.StatusRunning}, e)
		require.Equal(t, time.Minute, time.Since(began))
		began = time.Now()
		_, err = f.Wait(t.Context(), id)
		require.ErrorIs(t, err, architect.ErrStillRunning)
		require.Equal(t, 10*time.Minute, time.Since(began), "also without a deadline")
		time.Sleep(time.Hour)
		e, err = f.Wait(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, architect.StatusCompleted, e.Status)
	}, genesystest.Flows(genesystest.Flow{ID: "slow", Takes: time.Hour}))
}

func TestWhatPassesIsWaitedFor(t *testing.T) {
	simulated(t, func(t *testing.T, s *genesystest.Server, f *architect.Flows) {
		id, err := f.Start(t.Context(), architect.Launch{FlowID: "f"})
		require.NoError(t, err)
		for _, fault := range []genesystest.RequestFault{{Times: 1, Status: 404}, {Times: 2, Status: 503}, {Times: 1, Cut: true}, {Times: 1, Page: "<html>"}, {Times: 1, Status: 429, RetryAfter: 20 * time.Second}} {
			s.Faults().Requests(fault)
		}
		e, err := f.Wait(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, architect.StatusCompleted, e.Status)
		_, err = f.Wait(t.Context(), "unknown")
		require.True(t, genesys.HasStatus(err, http.StatusNotFound), "an execution that stays unknown is an error")
	})
}

func TestAKeyStartsAFlowOnceWhoeverAsks(t *testing.T) {
	simulated(t, func(t *testing.T, s *genesystest.Server, _ *architect.Flows) {
		kept := newMemory()
		var group sync.WaitGroup
		for p := range 8 {
			f := newFlows(t, s.API(), kept) // a process of its own
			group.Go(func() {
				for n := range 20 {
					l := architect.Launch{FlowID: "f", Key: fmt.Sprint("event ", (n+p)%20)}
					_, err := f.Start(t.Context(), l)
					for errors.Is(err, architect.ErrStarting) {
						time.Sleep(time.Second)
						_, err = f.Start(t.Context(), l)
					}
					require.NoError(t, err)
				}
			})
		}
		group.Wait()
		require.Len(t, s.FlowExecutions(), 20)

		f := newFlows(t, s.API(), kept)
		first, err := f.Start(t.Context(), architect.Launch{FlowID: "f", Key: "event 3"})
		require.NoError(t, err)
		again, err := f.Run(t.Context(), architect.Launch{FlowID: "f", Key: "event 3"})
		require.NoError(t, err)
		require.Equal(t, first, again.ID)
		other, err := f.Start(t.Context(), architect.Launch{FlowID: "another", Key: "event 3"})
		require.NoError(t, err)
		require.NotEqual(t, first, other, "a key belongs to a flow")
		require.Len(t, s.FlowExecutions(), 21)
	}, genesystest.RateLimit(0))
}

func TestALaunchWhoseEndNobodyKnowsIsMadeAgainAfterAMinute(t *testing.T) {
	for name, fault := range map[string]genesystest.RequestFault{
		"an answer that is lost": {Times: 1, Cut: true}, "a fault of the platform": {Times: 1, Status: 502}, "a page": {Times: 1, Page: "<html>"},
	} {
		simulated(t, func(t *testing.T, s *genesystest.Server, f *architect.Flows) {
			l := architect.Launch{FlowID: "f", Key: "k"}
			undo := s.Faults().Requests(fault)
			_, err := f.Start(t.Context(), l)
			require.Error(t, err, name)
			undo()
			_, err = f.Start(t.Context(), l)
			require.ErrorIs(t, err, architect.ErrStarting, name)
			time.Sleep(time.Minute)
			_, err = f.Start(t.Context(), l)
			require.NoError(t, err, name)
			require.Len(t, s.FlowExecutions(), 1, name)
		})
	}
}

func TestALaunchThatWaitsForItsTurnIsMadeOnce(t *testing.T) {
	simulated(t, func(t *testing.T, s *genesystest.Server, _ *architect.Flows) {
		api := s.API()
		f := newFlows(t, api, newMemory())
		s.Faults().Requests(genesystest.RequestFault{Times: 1, Status: http.StatusTooManyRequests, RetryAfter: 3 * time.Minute})
		_, err := api.Call(t.Context(), genesys.Request{Path: "/api/v2/flows/f"})
		require.True(t, genesys.HasStatus(err, http.StatusTooManyRequests))
		l := architect.Launch{FlowID: "f", Key: "k"}
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() { _, _ = f.Start(t.Context(), l) })
			time.Sleep(61 * time.Second)
		}
		both.Wait()
		time.Sleep(time.Minute)
		_, err = f.Start(t.Context(), l)
		require.NoError(t, err)
		require.Len(t, s.FlowExecutions(), 1)
	}, genesystest.RateLimit(0))
}

// proxied is an API before which something else answers the first looks with 403.
type proxied struct {
	genesys.API
	left atomic.Int32
}

func (p *proxied) Call(ctx context.Context, r genesys.Request) ([]byte, error) {
	if r.Verb() == http.MethodGet && p.left.Add(-1) >= 0 {
		return nil, &genesys.APIError{Method: http.MethodGet, Path: "/api/v2/flows/executions/{id}", Status: http.StatusForbidden}
	}
	return p.API.Call(ctx, r)
}

func TestA403OfAProxyIsWaitedOut(t *testing.T) {
	simulated(t, func(t *testing.T, s *genesystest.Server, _ *architect.Flows) {
		api := &proxied{API: s.API()}
		api.left.Store(3)
		e, err := newFlows(t, api, newMemory()).Run(t.Context(), architect.Launch{FlowID: "f"})
		require.NoError(t, err)
		require.Equal(t, architect.StatusCompleted, e.Status)
	})
}

// Pitfall B10: starts beyond some number a second are refused and not tried
// again; the caller decides what to do.
func TestWhoStartsTooManyFlowsGetsThe429Back(t *testing.T) {
	simulated(t, func(t *testing.T, s *genesystest.Server, f *architect.Flows) {
		for n := range 15 {
			_, err := f.Start(t.Context(), architect.Launch{FlowID: "f", Key: fmt.Sprint(n)})
			require.NoError(t, err)
		}
		last := architect.Launch{FlowID: "f", Key: "one more"}
		id, err := f.Start(t.Context(), last)
		require.True(t, genesys.HasStatus(err, http.StatusTooManyRequests))
		require.Empty(t, id)
		_, err = f.Start(t.Context(), last) // the API waits as long as it was told
		require.NoError(t, err, "what was refused for sure can be tried at once")
		require.Len(t, s.FlowExecutions(), 16)
	}, genesystest.FlowStarts(15))
}

func TestWithoutMemoryOfWhatWasStartedNothingIs(t *testing.T) {
	simulated(t, func(t *testing.T, s *genesystest.Server, _ *architect.Flows) {
		kept := newMemory()
		kept.fail(errors.New("the store is down"))
		_, err := newFlows(t, s.API(), kept).Start(t.Context(), architect.Launch{FlowID: "f", Key: "k"})
		require.ErrorContains(t, err, "the store is down")
		require.Empty(t, s.FlowExecutions())
	})
}
