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
//   - Late data: conversations that have ended, again after 1 h, 24 h and 72 h,
//     with their evaluations and surveys from the quality API.
//
// Where it is, it keeps in the store: a process that starts again goes on from
// there. Everything is read with overlaps, as reading twice does no harm.
//
// # Rights
//
// The OAuth client needs analytics:conversationDetail:view. Without
// conversation:communication:view, quality:evaluation:view and
// quality:survey:view those reads are left out, and the log says so once.
package polling
