package app

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/dcmkit/convtrack/genesys/eventbridge"
	"github.com/dcmkit/convtrack/genesys/notifications"
	"github.com/dcmkit/convtrack/genesys/polling"
	"github.com/dcmkit/convtrack/genesys/rest"
)

// measurements are what sources and endpoints count beside what the tracker
// measures: numbers, and nothing of a conversation.
type measurements struct {
	sources   *sources
	endpoints *endpoints
}

// Describe implements prometheus.Collector: nothing is promised, as what is off has
// no metrics.
func (m *measurements) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (m *measurements) Collect(to chan<- prometheus.Metric) {
	var all []metric
	if m.sources.client != nil {
		all = slices.Concat(ofAPI(m.sources.client.Stats()), ofSocket(m.sources.socket.Stats()), ofPolling(m.sources.poller.Stats()))
	}
	if m.sources.queue != nil {
		all = append(all, ofQueue(m.sources.queue.Stats())...)
	}
	for _, one := range append(all, m.requests()...) {
		one.collect(to)
	}
}

func ofAPI(is rest.Stats) []metric {
	return []metric{
		counter("genesys_api_calls", "Requests that were sent.", is.Calls),
		{"genesys_api_failures_total", "Requests that failed, by how.", true, []sample{
			{"kind", "client", float64(is.ClientErrors)}, {"kind", "server", float64(is.ServerErrors)}, {"kind", "unanswered", float64(is.NoAnswer)},
		}},
		counter("genesys_api_throttled", "Requests that were answered 429.", is.Throttled),
		counter("genesys_api_token_failures", "Requests for a token that gave none.", is.TokenErrors),
		gauge("genesys_api_allowed_per_minute", "Requests that the platform allows in a minute.", float64(is.Allowed)),
		gauge("genesys_api_remaining", "Of them, how many could be sent now.", float64(is.Remaining)),
		gauge("genesys_api_waiting", "Calls that wait for their turn.", float64(is.Waiting)),
	}
}

func ofSocket(is notifications.Stats) []metric {
	return []metric{
		counter("genesys_notifications_frames", "Frames that arrived.", is.Frames),
		counter("genesys_notifications_undecodable", "Frames that were not understood.", is.Undecodable),
		counter("genesys_notifications_dropped", "Conversations that were dropped, as too many waited.", is.Dropped),
		counter("genesys_notifications_reconnects", "Times a WebSocket was lost.", is.Reconnects),
		counter("genesys_notifications_deaf", "Channels that were subscribed and told nothing.", is.Deaf),
		gauge("genesys_notifications_topics", "Topics that are subscribed.", float64(is.Topics)),
		gauge("genesys_notifications_left", "Queues and users for which there is no room.", float64(is.Left)),
		gauge("genesys_notifications_refused", "Topics that the platform refused.", float64(len(is.Refused))),
		gauge("genesys_notifications_channels", "Channels in use.", float64(is.Channels)),
		gauge("genesys_notifications_listening", "Channels that hear.", float64(is.Listening)),
		gauge("genesys_notifications_last_heard_seconds", "When the last frame arrived, in seconds since 1970.", seconds(is.LastHeard)),
	}
}

func ofPolling(is polling.Stats) []metric {
	return []metric{
		{"genesys_polling_records_total", "Records that were read, by why.", true, []sample{
			{"why", "discovered", float64(is.Discovered)}, {"why", "followed", float64(is.Followed)},
			{"why", "late", float64(is.Late)}, {"why", "active", float64(is.Active)},
		}},
		counter("genesys_polling_repaired", "Gaps that were repaired.", is.Repaired),
		counter("genesys_polling_failures", "Reads that failed and are repeated.", is.Failures),
		counter("genesys_polling_malformed", "Parts of answers that were not understood.", is.Malformed),
		counter("genesys_polling_lost", "Times that the platform refused to tell of.", is.Lost),
		gauge("genesys_polling_open", "Conversations that are followed.", float64(is.Open)),
	}
}

func ofQueue(is eventbridge.QueueStats) []metric {
	return []metric{
		counter("genesys_sqs_received", "Messages that were received, repeats included.", is.Received),
		counter("genesys_sqs_stored", "Messages whose facts are stored.", is.Stored),
		counter("genesys_sqs_deleted", "Messages that are deleted.", is.Deleted),
		counter("genesys_sqs_not_understood", "Messages that are left to the dead-letter queue.", is.NotUnderstood),
		counter("genesys_sqs_not_stored", "Messages that the store refuses while it takes others.", is.NotStored),
		counter("genesys_sqs_failures", "Calls of SQS that failed.", is.Failures),
		gauge("genesys_sqs_held", "Messages that are received and not stored yet.", float64(is.Held)),
		gauge("genesys_sqs_lag_seconds", "How old the messages were that were received last.", is.Lag.Seconds()),
		gauge("genesys_sqs_waiting", "Messages in the queue, about; -1: not known.", float64(is.Waiting)),
		gauge("genesys_sqs_last_heard_seconds", "When SQS last answered, in seconds since 1970.", seconds(is.LastHeard)),
	}
}

// requests counts the requests of Genesys Cloud and AWS by how they were
// answered.
func (m *measurements) requests() []metric {
	answers := func(name, help string, stored, denied, refused, overloaded, unavailable int64) metric {
		return metric{name, help, true, []sample{
			{"answer", "stored", float64(stored)}, {"answer", "denied", float64(denied)}, {"answer", "refused", float64(refused)},
			{"answer", "overloaded", float64(overloaded)}, {"answer", "unavailable", float64(unavailable)},
		}}
	}
	var all []metric
	if m.endpoints.panel != nil {
		is := m.endpoints.panel.app.Stats()
		all = append(all, answers("genesys_clientapp_requests_total", "Posts of the page in the agents' desktop, by the answer.",
			is.Stored, is.Denied, is.Refused, is.Overloaded, is.Unavailable),
			gauge("genesys_clientapp_streams", "Browsers that listen to cases.", float64(is.Streams)))
	}
	if m.endpoints.eventbridge == nil {
		return all
	}
	envelopes, updates := m.endpoints.eventbridge.Stats(), m.endpoints.updates.Stats()
	return append(all,
		answers("genesys_eventbridge_requests_total", "Envelopes that were posted, by the answer.",
			envelopes.Stored, envelopes.Denied, envelopes.Refused, envelopes.Overloaded, envelopes.Unavailable),
		answers("genesys_updates_requests_total", "Calls of the data action, by the answer.",
			updates.Stored, updates.Denied, updates.Refused, updates.Overloaded, updates.Unavailable),
		counter("genesys_updates_without_case", "Calls that were answered without a case, as it could not be looked up.", updates.WithoutCase))
}

func seconds(at time.Time) float64 {
	if at.IsZero() {
		return 0
	}
	return float64(at.UnixMilli()) / 1000
}
