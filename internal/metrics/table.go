package metrics

import (
	"go.opentelemetry.io/otel/attribute"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/internal/diagnosis"
	"github.com/dcmkit/convtrack/internal/heard"
	"github.com/dcmkit/convtrack/internal/telemetry"
)

// table are the metrics that are read from the state; what is measured where it
// happens is in internal/telemetry.
var table = []telemetry.Instrument[state]{
	total("convtrack.commits", "{commit}", "Transactions asked of the store.", func(s state) int64 { return s.Commits }),
	total("convtrack.changes", "{change}", "Changes of conversations that were written.", func(s state) int64 { return s.Changes }),
	total("convtrack.conflicts", "{change}", "Changes that lost a race and were made again.", func(s state) int64 { return s.Conflicts }),
	total("convtrack.duplicates", "{message}", "Messages that needed no copy: the process that looks after the conversation has stored the same one.", func(s state) int64 { return s.Duplicates }),
	total("convtrack.store.errors", "{call}", "Calls of the store that failed and were repeated.", func(s state) int64 { return s.StoreErrors }),
	total("convtrack.vetoed", "{conversation}", "Conversations that a Before hook did not want.", func(s state) int64 { return s.Vetoed }),
	total("convtrack.before.failures", "{try}", "Failed tries of Before hooks.", func(s state) int64 { return s.BeforeFailed }),
	total("convtrack.after.failures", "{try}", "Failed tries of After hooks.", func(s state) int64 { return s.AfterFailed }),
	total("convtrack.deliveries", "{delivery}", "Deliveries to After hooks that were done.", func(s state) int64 { return s.Delivered }),
	total("convtrack.failed", "{item}", "Changes and deliveries that have failed for good.", func(s state) int64 { return s.Stats.Failed }),
	total("convtrack.gaps", "{gap}", "Times in which a source was blind.", func(s state) int64 { return s.Gaps }),
	total("convtrack.losses", "{gap}", "Times that could not be read from the API either.", func(s state) int64 { return s.Losses }),
	total("convtrack.inbox.deposited", "{fact}", "Partial conversations that were heard for other processes.", func(s state) int64 { return s.Deposited }),
	total("convtrack.inbox.taken", "{entry}", "Entries of other processes, or of hints, that were used.", func(s state) int64 { return s.Taken }),
	total("convtrack.hints", "{hint}", "Hints that were stored.", func(s state) int64 { return s.Hints }),
	total("convtrack.hints.read", "{conversation}", "Conversations that were read after hints.", func(s state) int64 { return s.Rereads }),
	counting("convtrack.cache.lookups", "{lookup}", "Conversations that were looked for in memory.", func(s state, say func(float64, ...attribute.KeyValue)) {
		say(float64(s.Cache.Hits), attribute.String("convtrack.outcome", "hit"))
		say(float64(s.Cache.Misses), attribute.String("convtrack.outcome", "miss"))
	}),
	counting("convtrack.events", "{event}", "Common Events announced by this process.", func(s state, say func(float64, ...attribute.KeyValue)) {
		for kind, n := range s.Events {
			say(float64(n), attribute.String("convtrack.event.type", kind))
		}
	}),

	level("convtrack.facts.pending", "{fact}", "Partial conversations that are accepted and not stored yet.", func(s state) float64 { return float64(s.Pending) }),
	level("convtrack.facts.age", "s", "For how long the oldest of them waits.", func(s state) float64 { return s.since(s.FactsSince) }),
	level("convtrack.deliveries.held", "{delivery}", "Deliveries to After hooks that are held in memory.", func(s state) float64 { return float64(s.Stats.Deliveries) }),
	telling("convtrack.cache.conversations", "{conversation}", "Conversations in memory, as they are or packed.", func(s state, say func(float64, ...attribute.KeyValue)) {
		say(float64(s.Cache.Open), attribute.String("convtrack.form", "open"))
		say(float64(s.Cache.Packed), attribute.String("convtrack.form", "packed"))
	}),
	counted("convtrack.overdue", "{conversation}", "Conversations with conclusions or timers that have been due for more than ten seconds, up to 1000.", diagnosis.Overdue, func(s state) float64 { return float64(s.Overdue) }),
	level("convtrack.problems", "{problem}", "Problems that Health names.", func(s state) float64 { return float64(len(s.Problems)) }),
	counted("convtrack.processes", "{process}", "Processes that share the store.", diagnosis.Processes, func(s state) float64 { return float64(len(s.Processes)) }),
	level("convtrack.store.latency", "s", "How long it took to write something small.", func(s state) float64 { return s.Store.Latency.Seconds() }),
	level("convtrack.store.trouble.age", "s", "For how long the store has not taken writes as it should; 0 when it does.", func(s state) float64 { return s.since(s.Store.TroubleSince) }),
	telling("convtrack.store.trouble", "", "1 for what is wrong with the store, 0 for the others.", func(s state, say func(float64, ...attribute.KeyValue)) {
		for _, trouble := range []string{"slow", "full", "readOnly", "lost"} {
			say(truth(s.Store.Trouble == trouble), attribute.String("convtrack.trouble", trouble))
		}
	}),
	ofHooks("convtrack.deliveries.unfinished", "{delivery}", "Deliveries to an After hook that are not done, those that have failed and those that wait behind them included.",
		func(_ state, is diagnosis.Delivery) float64 { return float64(is.Unfinished) }),
	ofHooks("convtrack.deliveries.age", "s", "For how long the oldest delivery waits that could be done, or is being done; 0: there is none.",
		func(s state, is diagnosis.Delivery) float64 { return s.since(is.DueSince) }),
	ofHooks("convtrack.deliveries.orphaned", "", "1 when no running process has a hook of this name.", func(_ state, is diagnosis.Delivery) float64 { return truth(is.Orphaned) }),
	telling("convtrack.failed.waiting", "{item}", "What a hook has failed on and nobody has decided, refused changes that are still tried again among it, up to 1000.", func(s state, say func(float64, ...attribute.KeyValue)) {
		for _, f := range s.State.Failed {
			say(float64(f.N), attribute.String("convtrack.hook", f.Hook), attribute.String("convtrack.kind", string(f.Kind)))
		}
	}),
	telling("convtrack.failed.age", "s", "For how long the first of them waits.", func(s state, say func(float64, ...attribute.KeyValue)) {
		for _, f := range s.State.Failed {
			say(s.since(f.Oldest), attribute.String("convtrack.hook", f.Hook), attribute.String("convtrack.kind", string(f.Kind)))
		}
	}),

	ofSources("convtrack.source.blind", "", "1 while the source is blind.", func(s state, is heard.Source) float64 { return truth(!is.BlindSince.IsZero()) }),
	ofSources("convtrack.source.blind.age", "s", "For how long the source has been blind; 0 when it hears.", func(s state, is heard.Source) float64 { return s.since(is.BlindSince) }),
	ofSources("convtrack.source.failed", "", "1 when the source has failed for good.", func(s state, is heard.Source) float64 { return truth(is.Failed != "") }),
	ofSources("convtrack.source.silence", "s", "How long ago anything arrived at the source, signs of life included; 0 before.", func(s state, is heard.Source) float64 { return s.since(is.LastHeard) }),
	ofSources("convtrack.source.waiting", "{fact}", "What the source has heard and is not stored yet.", func(_ state, is heard.Source) float64 { return float64(is.Waiting) }),
	ofSources("convtrack.source.followed", "{conversation}", "Open conversations that this process reads again and again.", func(_ state, is heard.Source) float64 { return float64(is.Followed) }),
	ofSources("convtrack.source.repair.age", "s", "For how long what other sources have missed is yet to be read; 0: nothing is.", func(s state, is heard.Source) float64 { return s.since(is.RepairingSince) }),
	ofSources("convtrack.source.reads.refused", "{read}", "Kinds of reads that the platform refuses.", func(_ state, is heard.Source) float64 { return float64(len(is.RefusedReads)) }),
	telling("convtrack.source.topics", "{topic}", "Topics of a source: wanted of this process, heard and refused; left for lack of room by all.", func(s state, say func(float64, ...attribute.KeyValue)) {
		for name, is := range s.Sources {
			for of, n := range map[string]int{"wanted": is.Wanted - is.Left, "heard": is.Heard, "refused": len(is.Refused), "left": is.Left} {
				say(float64(n), attribute.String("convtrack.source", name), attribute.String("convtrack.topics", of))
			}
		}
	}),

	ofQueues("convtrack.queue.lag", "s", "How long the oldest message that is being read has been in the queue.", func(s state, is *conversation.QueueHealth) float64 { return s.since(is.OldestSent) }),
	ofQueues("convtrack.queue.waiting", "{message}", "Messages that wait in the queue, about; -1: not known.", func(_ state, is *conversation.QueueHealth) float64 { return float64(is.Waiting) }),
	ofQueues("convtrack.queue.in_flight", "{message}", "Messages that somebody has received, about; -1: not known.", func(_ state, is *conversation.QueueHealth) float64 { return float64(is.InFlight) }),
	counting("convtrack.queue.refused", "{message}", "Messages that are left to the dead-letter queue.", func(s state, say func(float64, ...attribute.KeyValue)) {
		for name, is := range s.Sources {
			if is.Queue != nil {
				say(float64(is.Queue.NotUnderstood), attribute.String("convtrack.source", name), attribute.String("convtrack.outcome", "not_understood"))
				say(float64(is.Queue.NotStored), attribute.String("convtrack.source", name), attribute.String("convtrack.outcome", "not_stored"))
			}
		}
	}),

	ofAPIs("convtrack.api.allowed", "{request}", "Requests that the platform allows in a minute.", func(_ state, is *conversation.APIHealth) float64 { return float64(is.Allowed) }),
	ofAPIs("convtrack.api.remaining", "{request}", "Of them, how many could be sent now.", func(_ state, is *conversation.APIHealth) float64 { return float64(is.Remaining) }),
	ofAPIs("convtrack.api.in_flight", "{request}", "Requests under way.", func(_ state, is *conversation.APIHealth) float64 { return float64(is.InFlight) }),
	ofAPIs("convtrack.api.waiting", "{request}", "Calls that wait for their turn.", func(_ state, is *conversation.APIHealth) float64 { return float64(is.Waiting) }),
	ofAPIs("convtrack.api.pause.age", "s", "For how long calls pause; 0 when they do not.", func(s state, is *conversation.APIHealth) float64 { return s.since(is.PausedSince) }),
	counting("convtrack.api.throttled", "{request}", "Calls that were answered 429.", func(s state, say func(float64, ...attribute.KeyValue)) {
		for name, is := range s.Sources {
			if is.API != nil {
				say(float64(is.API.Throttled), attribute.String("convtrack.source", name))
			}
		}
	}),

	counting("convtrack.requests", "{request}", "Requests to an HTTP endpoint, by how they were answered.", func(s state, say func(float64, ...attribute.KeyValue)) {
		for name, is := range s.Sources {
			if r := is.Requests; r != nil {
				for outcome, n := range map[string]int64{"stored": r.Stored, "denied": r.Denied, "refused": r.Refused, "overloaded": r.Overloaded, "unavailable": r.Unavailable} {
					say(float64(n), attribute.String("convtrack.source", name), attribute.String("convtrack.outcome", outcome))
				}
			}
		}
	}),
}
