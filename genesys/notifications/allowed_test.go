package notifications_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/notifications"
)

// judging is an API that refuses a topic until it is allowed: by itself, or the whole
// list that it is in.
type judging struct {
	genesys.API
	allowed *atomic.Bool
	topic   string
	whole   bool
}

func (j judging) Call(ctx context.Context, r genesys.Request) ([]byte, error) {
	if j.allowed.Load() || !strings.HasSuffix(r.Path, "/subscriptions") || !strings.Contains(string(r.Body), `"`+j.topic+`"`) {
		return j.API.Call(ctx, r)
	}
	if j.whole {
		return nil, &genesys.APIError{Method: r.Verb(), Path: r.Path, Status: 400, Code: "notification.invalid.topic"}
	}
	r.Body = []byte(strings.Replace(strings.ReplaceAll(string(r.Body), `{"id":"`+j.topic+`"}`, ""), "[,", "[", 1))
	r.Body = []byte(strings.Replace(strings.Replace(string(r.Body), ",,", ",", 1), ",]", "]", 1))
	body, err := j.API.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	text := string(body)
	i := strings.LastIndex(text, "]")
	return []byte(text[:i] + `,{"id":"` + j.topic + `","state":"Rejected","rejectionReason":"not yet"}` + text[i:]), nil
}

func TestATopicThatIsAllowedLaterIsHeardAfterTheNextRenewalAndNoLongerCalledRefused(t *testing.T) {
	for name, whole := range map[string]bool{"it was refused by itself": false, "the whole list was refused": true} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				var allowed atomic.Bool
				topic := notifications.UserTopics("user-late")[0]
				refusals := 0
				w.start(notifications.Config{
					API:       judging{w.server.API(), &allowed, topic, whole},
					Topics:    append(notifications.UserTopics("user-late"), callTopics...),
					OnRefused: func(notifications.Refusal) { refusals++ },
				})
				began := time.Now()
				w.settle(10 * time.Minute)
				require.Len(t, w.source.Stats().Refused, 1)
				require.Equal(t, 2, w.source.Health().Heard)
				require.Zero(t, w.source.Health().BlindSince)
				w.settle(11 * time.Hour)
				require.Equal(t, 1, refusals, "reported once")
				require.Len(t, w.heard.all(), 1, "that of the start")
				allowed.Store(true)
				w.settle(6 * time.Hour)
				require.Empty(t, w.source.Stats().Refused)
				require.Equal(t, 3, w.source.Health().Heard)
				require.True(t, w.rings("user-late", ""))
				require.Equal(t, 1, refusals)
				gaps := w.heard.all()
				require.Len(t, gaps, 2)
				require.False(t, gaps[1].From.After(began), "what was missed while it was refused")
				require.WithinRange(t, gaps[1].To, began.Add(11*time.Hour), time.Now())
			})
		})
	}
}

func TestASourceWhoseTopicsAreAllRefusedIsBlindUntilOneIsAllowed(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		var allowed atomic.Bool
		topics := notifications.UserTopics("user-late")
		w.start(notifications.Config{API: judging{w.server.API(), &allowed, topics[0], true}, Topics: topics})
		began := time.Now()
		w.settle(10 * time.Minute)
		is := w.source.Health()
		require.WithinRange(t, is.BlindSince, began.Add(-time.Second), began.Add(time.Second))
		require.Zero(t, is.HeardSince)
		require.Contains(t, is.Reason, "refuses")
		require.Zero(t, w.source.Stats().Listening)
		w.server.Faults().CutSockets()
		w.settle(10 * time.Minute)
		require.NotZero(t, w.source.Health().BlindSince)
		gaps := w.heard.all()
		require.Len(t, gaps, 1)
		require.Zero(t, gaps[0].To)
		allowed.Store(true)
		w.settle(6 * time.Hour)
		require.Zero(t, w.source.Health().BlindSince)
		require.NotZero(t, w.source.Health().HeardSince)
		gaps = w.heard.all()
		require.Len(t, gaps, 2)
		require.False(t, gaps[1].From.After(began))
		require.NotZero(t, gaps[1].To)
	})
}

func TestASourceIsBlindFromTheTimeWhenAllItsTopicsAreRefused(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		allowed, topics := atomic.Bool{}, notifications.UserTopics("user-late")
		allowed.Store(true)
		w.start(notifications.Config{API: judging{w.server.API(), &allowed, topics[0], true}, Topics: topics})
		w.settle(10 * time.Minute)
		require.Zero(t, w.source.Health().BlindSince)
		began := time.Now()
		allowed.Store(false)
		w.settle(6 * time.Hour)
		require.WithinRange(t, w.source.Health().BlindSince, began, time.Now())
		gaps := w.heard.all()
		require.Zero(t, gaps[len(gaps)-1].To)
	})
}

func TestASourceThatMayHearNothingIsBlind(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(notifications.Config{Topics: callTopics})
		w.settle(time.Minute)
		require.NotZero(t, w.source.Health().BlindSince)
		w.demandHeard(0, len(callTopics))
	}, genesystest.ForbidTopics(callTopics...))
}

func TestATopicThatIsNotWantedAnyMoreIsNotCalledRefused(t *testing.T) {
	for name, whole := range map[string]bool{"it was refused by itself": false, "the whole list was refused": true} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				var allowed atomic.Bool
				topic := notifications.UserTopics("user-late")
				w.start(notifications.Config{API: judging{w.server.API(), &allowed, topic[0], whole}, Topics: append(topic, callTopics...)})
				w.settle(time.Minute)
				require.Len(t, w.source.Health().Refused, 1)
				require.NoError(t, w.source.SetTopics(callTopics...))
				w.settle(time.Minute)
				require.Empty(t, w.source.Health().Refused)
				require.NoError(t, w.source.SetTopics(append(topic, callTopics...)...))
				w.settle(time.Minute)
				require.Len(t, w.source.Health().Refused, 1)
				require.Equal(t, 1, w.source.Stats().Listening)
			})
		})
	}
}
