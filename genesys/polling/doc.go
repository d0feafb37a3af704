// Package polling reads Genesys Cloud over its REST API: it finds new
// conversations, follows the open ones, repairs what other sources missed, and
// reads ended conversations again for data that changes after the end.
//
//	source, err := polling.New(polling.Config{API: client, Tracked: tracker})
//	err = tracker.Run(ctx, source)
//
// It works alone, or together with package notifications: then the WebSocket
// reports a change within a second, and polling repairs its gaps.
//
// A notification channel can be subscribed and yet deaf: heartbeats arrive, but
// no events. So the poller passes each record of an open conversation that it
// reads to Config.Beside, which compares the record with what it has heard and
// replaces a deaf channel. This needs no additional requests. With several
// processes, each compares the conversations that it follows with its own
// channels; that is enough, as a deaf channel is deaf for all its topics.
//
// # What it reads, and when
//
//   - New conversations: the details query, by start, every
//     Config.DiscoverEvery, with an overlap, as records appear late.
//   - Open conversations: the details of up to 100 at a time, every
//     Config.FollowEvery; less often the longer nothing changes, and while
//     another source hears live.
//   - After a gap: new conversations since it began; then the details of all
//     open conversations; then those that are still open from the live API, the
//     most recently changed first. A repair uses at most half of the rate limit.
//   - Activity: a details job every Config.JobsEvery. Only jobs show messaging
//     conversations that began days ago, and participant attributes
//     (protocol 1, items 12 and 13).
//   - Late data: the details of up to 100 conversations that have ended, again
//     after 1 h, 24 h, 73 h, and 7, 14, 28, 46 and 91 days, as evaluations and
//     surveys can change that late. The quality API is asked only when a record
//     shows a change that has not been read from there yet. That makes 8
//     requests for 100 conversations over three months, and one more for each
//     conversation with an evaluation or an answered survey, and for each later
//     change of those that a read finds (measured in the simulator:
//     TestLateReadingCostsLittle). A change becomes known at the next of these
//     times; to have it within seconds, also subscribe to the topic
//     v2.quality.evaluations with package notifications.
//
// The source keeps its position in the store, so a process that restarts goes on
// from there. The intervals of queries and jobs overlap, as reading something
// twice does no harm.
//
// # What the platform refuses
//
// A long interval is read in pieces: a day for the details query, whose pages
// reach 100 000 conversations, and a week for a job. A day with more
// conversations is read from both ends. A piece that is refused is halved; a
// request that was refused is not repeated unchanged. What is refused at the
// smallest size (a minute to an hour, by the length of the whole interval) is
// lost: the sink gets a [conversation.Gap] with Lost, one for adjacent pieces,
// and reading goes on after it. When the platform refuses everything, nothing is
// lost: the source waits and asks again.
//
// What the platform fails on (500, 502), or does not answer in its time (504) or in that
// for which the client waits, is asked again, and in smaller pieces. A conversation with
// which that lasts for a minute, while the same question about others is answered, is
// left out for an hour, and the log names it. A minute about which that lasts for ten is
// lost, as what is refused.
//
// An answer that is not understood is an error of its request, whatever its
// status: the position stays, and the request is repeated. A single element of a
// page that is not understood is left out and named in the log by its id
// ([Stats.Malformed]).
//
// # Permissions
//
// The OAuth client needs analytics:conversationDetail:view. Reads that need
// conversation:communication:view, quality:evaluation:view or
// quality:survey:view are left out for an hour at a time while the client does
// not have it, with a warning in the log each time. A conversation in a division
// in which the client does not have it is left out alone.
package polling
