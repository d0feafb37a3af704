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
// Processes that share a store share the topics. It is put down for each part
// of the topics until when they were heard, by whichever process: so a restart,
// a takeover or a rolling update is blind from the latest sign of life on, and
// not at all where another process went on hearing meanwhile.
//
// # What it takes care of
//
// Topics are spread over channels, at most 1000 on each. A channel is created
// only while there are fewer than 20 for the OAuth client, as one more would
// silently end somebody else's (our processes take turns; a foreign one that
// creates its channel in the same moment cannot be helped). A refused topic is reported by its name and
// does not hinder the others. A socket that is dead, or silent although
// heartbeats are due every 30 s, is noticed within 45 s. A closing notice is
// answered by a new socket before the old one dies; whatever is opened anew
// again and again is opened with growing pauses. A channel that is subscribed and
// breathes but tells nothing of what happens (protocol 2.9) is found by comparing
// with what is read from the API: by itself after a silence, or sooner when the
// host hands what a poller reads to [Source.Compare]. Subscriptions are renewed
// long before a channel expires after 24 h; a channel that was evicted, has
// expired, or lost its token is replaced.
//
// Reading never waits for hooks: facts about a conversation that is being
// stored are joined until it is their turn. Their number is bounded; when the
// store cannot keep up for long, frames are dropped, and announced as a gap.
//
// # Where to look
//
// [Source] wires types that know nothing of each other but what they are given:
// wanted (whom to hear at all), sharing (which topics this process hears of these;
// takeover.go: what it took over from another; signs.go: until when they were heard),
// detailTopics (topics of single conversations), assignment (which topic is on
// which connection), connection (listen.go: how one channel is kept connected and
// subscribed; session.go: while there is a socket; socket.go), claims (which channel
// belongs to which process), refusedTopics, silence and doubts (deaf channels),
// overload, inbox (from reading to storing), peers (what processes put down for
// each other). Each has its tests beside it; those of the whole, against a
// simulated platform, are named after promises.
package notifications
