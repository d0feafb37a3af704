// Package polling reads Genesys Cloud over its REST API: it finds new
// conversations, follows the open ones, repairs what other sources missed, and
// reads again what changes after the end.
//
//	source, err := polling.New(polling.Config{API: client, Tracked: tracker})
//	err = tracker.Run(ctx, source)
//
// It works alone, and beside package notifications: then the socket tells of a
// change within a second, and polling repairs its gaps.
//
// A channel can be subscribed and deaf: its heartbeats come, and no events. So
// the poller gives what it reads of open conversations to Config.Beside, which
// knows what it has heard of them, compares, and replaces what is deaf. It reads
// nothing more for that. With several processes each compares the conversations
// that it follows with the channels that it has; that is enough, as a channel is
// deaf for all its topics.
//
// # What it reads, and when
//
//   - New conversations: the details query, by start, every
//     Config.DiscoverEvery, with an overlap, as records appear late.
//   - Open conversations: the details of up to 100 at a time, every
//     Config.FollowEvery; less often the longer nothing changes, and while
//     another source hears.
//   - After a gap: new conversations since it began; then the details of all
//     open conversations; then those that are still open from the live API, the
//     most recently changed first. It takes at most half of the rate limit.
//   - Activity: a details job every Config.JobsEvery. Only jobs show messaging
//     conversations that began days ago, and participant attributes
//     (protocol 1, items 12 and 13).
//   - Late data: the details of up to 100 conversations that have ended, again
//     after 1 h, 24 h, 73 h, and 7, 14, 28, 46 and 91 days, as evaluations and
//     surveys change so late. The quality API is asked only when a record shows a
//     change that it was not asked about. That makes 8 questions for 100
//     conversations over three months, and one more for each conversation that
//     was evaluated or answered a survey, and each change of those that a look
//     finds (measured in the simulator: TestLateReadingCostsLittle). A change is
//     known when the next look has come; who needs it within seconds follows the
//     topic v2.quality.evaluations, too, with package notifications.
//
// Where it is, it keeps in the store: a process that starts again goes on from
// there. Everything is read with overlaps, as reading twice does no harm.
//
// # What the platform does not take
//
// A question about a long time is cut into pieces: a day for the details query,
// whose pages reach 100 000 conversations, a week for a job. More than that are
// read from both ends of the day. A piece that is refused is halved; a question
// that was refused is not asked again. What is refused at the smallest size (a
// minute to an hour, by the length of the whole) is lost: the sink gets a
// [conversation.Gap] with Lost, one for all that is lost in one stretch, and the
// rest goes on. It is no loss when the platform refuses everything: then the source
// waits and asks again.
//
// An answer that is not understood is an error of its question, whatever its
// status: the position stays, and it is asked again. One element of a page that
// is not understood is left out and named in the log by its id
// ([Stats.Malformed]).
//
// # Rights
//
// The OAuth client needs analytics:conversationDetail:view. Without
// conversation:communication:view, quality:evaluation:view and
// quality:survey:view those reads are left out, and the log says so once.
package polling
