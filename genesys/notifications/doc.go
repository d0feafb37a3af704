// Package notifications hears Genesys Cloud over its notification service: a
// WebSocket that tells of a change within about a second (protocol 2).
//
//	source, err := notifications.New(notifications.Config{
//		API:     client,
//		Topics:  append(notifications.UserTopics(users...), notifications.QueueTopics(queues...)...),
//		Tracked: tracker,
//	})
//	err = tracker.Run(ctx, source, poller)
//
// # What it promises
//
// A WebSocket of Genesys delivers at most once, in no promised order, and
// replays nothing. So this source promises two things: what it has read is
// given to the tracker, and every time in which it could not read is announced
// as a [conversation.Gap], from the last sign of life to the moment at which it
// heard again. Run it beside package polling, which repairs gaps from the API;
// alone it can only tell of them.
//
// # What it takes care of
//
// Topics are spread over channels, at most 1000 on each. A channel is created
// only while there are fewer than 20 for the OAuth client, as one more would
// silently end somebody else's (our processes take turns; a foreign one that
// creates its channel in the same moment cannot be helped). A refused topic is reported by its name and
// does not hinder the others. A socket that is dead, or silent although
// heartbeats are due every 30 s, is noticed within 45 s. A closing notice is
// answered by a new socket before the old one dies. Subscriptions are renewed
// long before a channel expires after 24 h; a channel that was evicted, has
// expired, or lost its token is replaced.
//
// Reading never waits for hooks: facts about a conversation that is being
// stored are joined until it is their turn. Their number is bounded; when the
// store cannot keep up for long, frames are dropped, and announced as a gap.
package notifications
