package eventbridge_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/eventbridge"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

var (
	_ convtrack.HealthReporter = (*eventbridge.Queue)(nil)
	_ convtrack.HealthReporter = (*eventbridge.Handler)(nil)
)

func TestHealthSaysSinceWhenTheQueueCannotBeReadWhyAndWhichRightIsMissing(t *testing.T) {
	for name, x := range map[string]struct {
		fault   genesystest.SQSFaults
		says    string
		missing []string
	}{
		"no right": {genesystest.SQSFaults{Error: "AccessDenied", Status: http.StatusForbidden, Only: []string{"ReceiveMessage"}}, "allow sqs:ReceiveMessage", []string{"sqs:ReceiveMessage"}},
		"a key":    {genesystest.SQSFaults{Error: "KmsAccessDenied", Only: []string{"ReceiveMessage"}}, "allow kms:Decrypt", []string{"kms:Decrypt"}},
		"deleted":  {genesystest.SQSFaults{Error: "QueueDoesNotExist"}, "there is no such queue", nil},
		"down":     {genesystest.SQSFaults{Fail: 1}, "the queue cannot be read", nil},
		"throttle": {genesystest.SQSFaults{Throttle: 1}, "the queue cannot be read", nil},
	} {
		t.Run(name, func(t *testing.T) {
			virtual(t, func(t *testing.T, w *world) {
				began := time.Now()
				q := w.source()
				stop := run(t, q, (&books{}).sink)
				time.Sleep(time.Minute)
				is := q.Health()
				require.WithinDuration(t, began, is.HeardSince, 20*time.Second, "a poll that finds nothing has heard, too")
				require.Zero(t, is.BlindSince)
				require.WithinDuration(t, time.Now(), is.LastHeard, 20*time.Second)

				broke := time.Now()
				w.sqs.SetFaults(x.fault)
				time.Sleep(time.Minute)
				is = q.Health()
				require.Zero(t, is.HeardSince)
				require.WithinDuration(t, broke, is.BlindSince, 20*time.Second)
				require.Contains(t, is.Reason, x.says)
				require.Equal(t, x.missing, is.MissingPermissions)
				require.Equal(t, time.UTC, is.BlindSince.Location())

				w.sqs.SetFaults(genesystest.SQSFaults{})
				time.Sleep(time.Minute)
				is = q.Health()
				require.WithinDuration(t, time.Now(), is.HeardSince, time.Minute)
				require.Zero(t, is.BlindSince)
				require.Empty(t, is.Reason)
				require.Empty(t, is.MissingPermissions)
				require.NoError(t, stop())
			})
		})
	}
}

func TestHealthSaysWhyAQueueWasNeverRead(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		w.sqs.SetFaults(genesystest.SQSFaults{Error: "AccessDenied"})
		q := w.source()
		stop := run(t, q, (&books{}).sink)
		synctest.Wait()
		require.Error(t, stop())
		require.False(t, q.Health().BlindSince.IsZero())
		require.Equal(t, []string{"sqs:ReceiveMessage"}, q.Health().MissingPermissions)
		require.Equal(t, []string{"sqs:GetQueueAttributes"}, q.Health().RefusedReads[0].MissingPermissions)
	})
}

func TestHealthSaysHowOldTheOldestMessageIsThatIsBeingRead(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		sent := time.Now()
		for _, m := range messages(25) {
			w.queue.Send(m)
		}
		time.Sleep(10 * time.Minute)
		b := &books{takes: 5 * time.Second}
		q := w.source(func(c *eventbridge.QueueConfig) { c.Receivers = 1 })
		stop := run(t, q, b.sink)
		time.Sleep(7 * time.Second)
		is := q.Health()
		require.Equal(t, sent.UTC(), is.Queue.OldestSent)
		require.Equal(t, sent.Add(4*24*time.Hour).UTC(), is.Queue.DropsOldest)
		require.Equal(t, 10, is.Waiting)
		require.Equal(t, 25, is.Queue.Waiting, "as the queue said when it was asked")
		time.Sleep(2 * time.Minute)
		is = q.Health()
		require.Zero(t, is.Queue.OldestSent, "all is read")
		require.Zero(t, is.Queue.Waiting)
		require.Equal(t, 25, b.stored())
		require.NoError(t, stop())
	})
}

func TestHealthSaysForHowLongTheQueueKeepsMessagesAsItIsNow(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		q := w.source()
		stop := run(t, q, (&books{fails: down}).sink)
		time.Sleep(time.Minute)
		const longer = 14 * 24 * time.Hour
		w.queue = w.sqs.Queue("events", genesystest.QueueAttributes{Visibility: time.Minute, Retention: longer, DeadLetter: w.dead})
		time.Sleep(2 * time.Minute)
		sent := time.Now()
		w.queue.Send(envelope("c-1"))
		time.Sleep(time.Minute)
		require.Equal(t, sent.Add(longer).UTC(), q.Health().Queue.DropsOldest)
		require.NoError(t, stop())
	})
}

// A message that the store does not take is being read as long as it is held.
func TestHealthSaysHowOldAMessageIsThatCannotBeStored(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		sent := time.Now()
		w.queue.Send(envelope("c-0"))
		q := w.source()
		stop := run(t, q, (&books{fails: down}).sink)
		time.Sleep(2 * time.Minute)
		require.Equal(t, sent.UTC(), q.Health().Queue.OldestSent)
		require.NoError(t, stop())
	})
}

func TestHealthCountsMessagesThatAreNotUnderstood(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		w.queue.Send([]byte(`{"detail-type":"v2.detail.events.conversation.{id}.customer.start","detail":7}`))
		q := w.source()
		stop := run(t, q, (&books{}).sink)
		time.Sleep(30 * time.Second)
		is := q.Health()
		require.Equal(t, int64(1), is.Queue.NotUnderstood)
		require.WithinDuration(t, time.Now(), is.Queue.LastRefused, time.Minute)
		require.NoError(t, stop())
	})
}

func TestHealthOfTheEndpointCountsItsRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHandler(t, (&books{}).sink)
		require.Zero(t, h.Health().LastHeard)
		call(h, key("wrong"), envelope("c-1"))
		require.Zero(t, h.Health().LastHeard, "anybody can call")
		call(h, key(secret), envelope("c-1"))
		call(h, key(secret), []byte("{"))
		synctest.Wait() // the last answer is there before the handler has returned
		is := h.Health()
		require.Equal(t, &conversation.RequestHealth{Stored: 1, Denied: 1, Refused: 1}, is.Requests)
		require.Equal(t, time.Now().UTC(), is.LastHeard)
	})
}
