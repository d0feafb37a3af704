package architect_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/architect"
)

const id = "5e0f9a3a-7c1d-4f59-9b1c-0d2a6c7e8f10"

var usual = body(map[string]any{"source": "trigger", "topic": "v2.detail.events.conversation.{id}.user.start", "conversationId": id,
	"participantId": "p-1", "eventTime": "1736503200123", "note": "new"})

func TestACallIsAHintThatIsStoredBeforeItIsAnswered(t *testing.T) {
	h, kept, _ := newHandler(t)
	status, answer := post(h, usual)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, map[string]any{"accepted": true, "caseId": ""}, answer)
	require.Equal(t, []conversation.Hint{{ConversationID: id, At: time.Date(2025, 1, 10, 10, 0, 0, 123e6, time.UTC), By: "data action"}}, kept.all())

	kept.err = errors.New("the store is down")
	status, answer = post(h, usual)
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.NotContains(t, answer, "accepted")
	require.Len(t, kept.all(), 1)
	require.EqualValues(t, 1, h.Stats().Unavailable)
}

// The builder of a flow can take the caller's number for the conversation's id.
func TestNothingThatAFlowSaysIsLogged(t *testing.T) {
	h, kept, log := newHandler(t, func(c *architect.HandlerConfig) {
		c.Case = func(context.Context, architect.Call) (string, error) { return "", errors.New("no") }
	})
	wrong := body(map[string]any{"source": "inbound-call", "conversationId": "tel:+4930123456", "participantId": "tel:+4930123456", "note": "+4930123456"})
	status, _ := post(h, wrong)
	require.Equal(t, http.StatusOK, status)
	kept.err = errors.New("the store is down")
	status, _ = post(h, wrong)
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Contains(t, log.String(), "without a case")
	require.Contains(t, log.String(), "could not be stored")
	require.NotContains(t, log.String(), "4930")
}

// Pitfall B5: an answer that lacks a member fails the customer's flow.
func TestEveryAnswerFitsTheContractOrIsARealFailure(t *testing.T) {
	cases := map[string]func(context.Context, architect.Call) (string, error){
		"none":      nil,
		"a case":    func(context.Context, architect.Call) (string, error) { return "case \"7\"", nil },
		"no case":   func(context.Context, architect.Call) (string, error) { return "", nil },
		"a failure": func(context.Context, architect.Call) (string, error) { return "half", errors.New("no") },
		"not ours":  func(context.Context, architect.Call) (string, error) { return "", architect.ErrNotOurs },
		"a panic":   func(context.Context, architect.Call) (string, error) { panic(id) },
		"an exit":   func(context.Context, architect.Call) (string, error) { runtime.Goexit(); return "", nil },
	}
	for name, find := range cases {
		h, kept, _ := newHandler(t, func(c *architect.HandlerConfig) { c.Case = find })
		for _, b := range []string{usual, usual, body(map[string]any{"source": "heartbeat"}), `{}`, ``, `[]`, `null`} {
			for _, failing := range []error{nil, errors.New("down")} {
				kept.err = failing
				status, answer := post(h, b)
				if status != http.StatusOK {
					require.GreaterOrEqual(t, status, 400, name)
					require.NotContains(t, answer, "accepted", name)
					require.IsType(t, "", answer["error"], name)
					continue
				}
				require.Len(t, answer, 2, name)
				require.IsType(t, true, answer["accepted"], name)
				require.IsType(t, "", answer["caseId"], name)
				if b == usual {
					require.Equal(t, name != "not ours", answer["accepted"], name)
					require.Equal(t, map[bool]string{true: `case "7"`}[name == "a case"], answer["caseId"], name)
				}
			}
		}
	}
}

func TestACaseThatIsLateDoesNotHoldUpTheFlow(t *testing.T) {
	for name, takes := range map[string]time.Duration{"the case": 0, "the store and the case": 1300 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			stuck := make(chan struct{})
			h, kept, log := newHandler(t, func(c *architect.HandlerConfig) {
				observe := c.Sink
				c.Sink = func(ctx context.Context, u conversation.Update) error {
					time.Sleep(takes)
					return observe(ctx, u)
				}
				c.MaxConcurrent = 2
				c.Case = func(context.Context, architect.Call) (string, error) { <-stuck; return "late", nil }
			})
			for range 4 { // more than may be stuck
				began := time.Now()
				status, answer := post(h, usual)
				require.Equal(t, http.StatusOK, status, name)
				require.Equal(t, map[string]any{"accepted": true, "caseId": ""}, answer, name)
				require.LessOrEqual(t, time.Since(began), takes+500*time.Millisecond, name)
			}
			require.Len(t, kept.all(), 4)
			require.Contains(t, log.String(), "did not return in time")
			require.EqualValues(t, 4, h.Stats().WithoutCase)
			close(stuck)
			synctest.Wait()
			_, answer := post(h, usual)
			require.Equal(t, "late", answer["caseId"])
		})
	}
}

func TestTheCaseIsAskedOnceTheHintIsStoredWithWhatTheFlowSaid(t *testing.T) {
	var got architect.Call
	var kept *store
	h, kept, _ := newHandler(t, func(c *architect.HandlerConfig) {
		c.Case = func(_ context.Context, call architect.Call) (string, error) {
			got = call
			return fmt.Sprint(len(kept.all())), nil
		}
	})
	_, answer := post(h, usual)
	require.Equal(t, "1", answer["caseId"])
	require.Equal(t, architect.Call{ConversationID: id, Source: "trigger", Topic: "v2.detail.events.conversation.{id}.user.start",
		ParticipantID: "p-1", EventTime: time.Date(2025, 1, 10, 10, 0, 0, 123e6, time.UTC), Note: "new"}, got)
}

// Pitfall B1: a workflow is started more than once, in parallel, in any order.
func TestCallsThatComeSeveralTimesAreAllAnsweredInTime(t *testing.T) {
	const seed = 14
	random := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // it chooses an order
	synctest.Test(t, func(t *testing.T) {
		h, kept, _ := newHandler(t, func(c *architect.HandlerConfig) {
			observe := c.Sink
			c.Sink = func(ctx context.Context, u conversation.Update) error {
				time.Sleep(time.Second)
				return observe(ctx, u)
			}
		})
		var bodies []string
		for n := range 100 {
			b := body(map[string]any{"source": "trigger", "topic": "t", "conversationId": fmt.Sprintf("c-%d", n%10), "eventTime": fmt.Sprint(1736503200000 + n)})
			for range 1 + random.IntN(3) {
				bodies = append(bodies, b)
			}
		}
		random.Shuffle(len(bodies), func(i, j int) { bodies[i], bodies[j] = bodies[j], bodies[i] })
		work := make(chan string)
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				for b := range work {
					began := time.Now()
					status, _ := post(h, b)
					require.Equal(t, http.StatusOK, status, "seed %d", seed)
					require.Less(t, time.Since(began), 2*time.Second, "seed %d", seed)
				}
			})
		}
		for _, b := range bodies {
			work <- b
		}
		close(work)
		group.Wait()
		require.Len(t, kept.all(), len(bodies))
	})
}

func TestAThousandCallsAtATimeAreAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, kept, _ := newHandler(t, func(c *architect.HandlerConfig) {
			observe := c.Sink
			c.Sink = func(ctx context.Context, u conversation.Update) error {
				time.Sleep(100 * time.Millisecond)
				return observe(ctx, u)
			}
		})
		var group sync.WaitGroup
		var stored atomic.Int64
		for n := range 1000 {
			group.Go(func() {
				if status, _ := post(h, body(map[string]any{"conversationId": fmt.Sprintf("c-%d", n)})); status == http.StatusOK {
					stored.Add(1)
				}
			})
		}
		group.Wait()
		require.EqualValues(t, 1000, stored.Load())
		require.Len(t, kept.all(), 1000)
		synctest.Wait()
		require.Zero(t, h.Stats().Handling)
	})
}

func TestAStoreThatHangsIsAnAnswerToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _, _ := newHandler(t, func(c *architect.HandlerConfig) {
			c.Sink = func(ctx context.Context, _ conversation.Update) error { <-ctx.Done(); return ctx.Err() }
		}, inTime)
		began := time.Now()
		status, _ := post(h, usual)
		require.Equal(t, http.StatusServiceUnavailable, status)
		require.LessOrEqual(t, time.Since(began), 2*time.Second)
	})
}

func TestOnlyWhoPresentsATokenMayCall(t *testing.T) {
	h, kept, log := newHandler(t)
	for _, header := range []string{"", "Bearer", "Bearer wrong", "Basic " + token, token, "Bearer " + token + "x"} {
		status, answer := post(h, usual, "Authorization", header)
		require.Equal(t, http.StatusUnauthorized, status, header)
		require.NotContains(t, answer, "accepted")
	}
	status, _ := post(h, usual, "Authorization", "", "X-Api-Key", token)
	require.Equal(t, http.StatusUnauthorized, status)
	status, _ = post(h, usual, "Authorization", "bearer another")
	require.Equal(t, http.StatusOK, status, "two tokens are valid at once")
	require.Len(t, kept.all(), 1)
	require.NotContains(t, log.String(), "canary")

	h, _, _ = newHandler(t, func(c *architect.HandlerConfig) {
		c.Secrets = func(context.Context) ([]string, error) { return nil, errors.New("the vault is sealed") }
	})
	status, _ = post(h, usual)
	require.Equal(t, http.StatusServiceUnavailable, status)
}

func TestACallIsAtMost64KiB(t *testing.T) {
	h, kept, _ := newHandler(t)
	b := func(size int) string {
		frame := fmt.Sprintf(`{"conversationId":%q,"note":""}`, id)
		return strings.Replace(frame, `""`, `"`+strings.Repeat("n", size-len(frame))+`"`, 1)
	}
	status, _ := post(h, b(64<<10))
	require.Equal(t, http.StatusOK, status)
	status, _ = post(h, b(64<<10+1))
	require.Equal(t, http.StatusRequestEntityTooLarge, status)
	require.Len(t, kept.all(), 1)
}

// Pitfall B9: a scheduled workflow is the heartbeat of the whole way.
func TestAWarningTellsThatNobodyCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, kept, log := newHandler(t, func(c *architect.HandlerConfig) { c.QuietAfter = 70 * time.Minute })
		for range 6 {
			time.Sleep(35 * time.Minute) // five minutes off
			status, answer := post(h, `{"source":"heartbeat","topic":"","conversationId":""}`)
			require.Equal(t, http.StatusOK, status)
			require.Equal(t, map[string]any{"accepted": true, "caseId": ""}, answer)
		}
		require.NotContains(t, log.String(), "WARN")
		require.EqualValues(t, 6, h.Stats().Heartbeats)
		last := time.Now()
		require.Equal(t, last, h.Stats().LastCall)
		require.Equal(t, last.UTC(), h.Health().LastHeard)
		require.Zero(t, h.Health().BlindSince)
		time.Sleep(70*time.Minute + time.Second)
		require.Contains(t, log.String(), "no flow has called")
		require.Equal(t, last.UTC(), h.Health().BlindSince)
		require.Contains(t, h.Health().Reason, "is the workflow published")
		post(h, usual)
		require.Zero(t, h.Health().BlindSince)
		require.Contains(t, log.String(), "again")
		require.Len(t, kept.all(), 1, "a heartbeat is no hint")
		h.Close()
		time.Sleep(24 * time.Hour)
		require.Equal(t, 1, strings.Count(log.String(), "WARN"))
	})
}

// TestTheLoggerMayAskTheHandler has a logger that asks how the handler does while it
// is told that nobody calls, and that somebody does again.
func TestTheLoggerMayAskTheHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asks := &asking{Handler: slog.DiscardHandler}
		h, _, _ := newHandler(t, func(c *architect.HandlerConfig) { c.QuietAfter, c.Logger = time.Hour, slog.New(asks) })
		asks.about.Store(h)
		time.Sleep(2 * time.Hour)
		status, _ := post(h, usual)
		require.Equal(t, http.StatusOK, status)
		require.EqualValues(t, 2, asks.asked.Load())
	})
}

// asking is a slog.Handler that asks a handler how it does with each record.
type asking struct {
	slog.Handler
	about atomic.Pointer[architect.Handler]
	asked atomic.Int64
}

func (a *asking) Enabled(context.Context, slog.Level) bool { return true }
func (a *asking) WithAttrs([]slog.Attr) slog.Handler       { return a }
func (a *asking) Handle(context.Context, slog.Record) error {
	_, _ = a.about.Load().Stats(), a.about.Load().Health()
	a.asked.Add(1)
	return nil
}

func TestAConfigurationWithoutSinkOrSecretsIsRefused(t *testing.T) {
	good := architect.HandlerConfig{Sink: (&store{}).observe, Secrets: secrets}
	for name, spoil := range map[string]func(*architect.HandlerConfig){
		"Sink":          func(c *architect.HandlerConfig) { c.Sink = nil },
		"Secrets":       func(c *architect.HandlerConfig) { c.Secrets = nil },
		"CaseWithin":    func(c *architect.HandlerConfig) { c.CaseWithin = -1 },
		"QuietAfter":    func(c *architect.HandlerConfig) { c.QuietAfter = -1 },
		"MaxConcurrent": func(c *architect.HandlerConfig) { c.MaxConcurrent = -1 },
	} {
		c := good
		spoil(&c)
		_, err := architect.NewHandler(c)
		require.ErrorContains(t, err, name)
	}
}
