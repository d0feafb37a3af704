// Package notifications listens to Genesys Cloud's notification service: a
// WebSocket that reports a change within about a second (protocol 2).
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
// alone it can only announce them.
//
// Processes that share a store divide the topics among themselves. The store
// has a record of when each partition of the topics was last heard, by
// whichever process: so the gap of a restart, a takeover or a rolling update
// begins at the latest sign of life, and there is none where another process
// went on listening meanwhile.
//
// # What it takes care of
//
// Topics are spread over channels, at most 1000 on each. A channel is created
// only while there are fewer than 20 for the OAuth client, as one more would
// silently end somebody else's (our processes take turns; nothing can be done
// about another application that creates its channel at the same moment); a process
// that has handed topics over gives the channels back that it does not need any more. A
// refused topic is reported by its name and does not affect the others; when it is
// allowed, which shows with the next renewal, what was missed meanwhile is announced. A
// channel whose topics are all refused is blind. A socket that is dead, or silent
// although heartbeats are due every 30 s, is noticed within 45 s. After a closing notice
// a new socket is opened before the old one dies; repeated attempts back off. A deaf channel, which is subscribed and sends
// heartbeats but no events (protocol 2.9), is found by comparing with what is
// read from the API: by the source itself after a silence, or sooner when the
// host hands what a poller reads to [Source.Compare]. Subscriptions are renewed
// long before a channel expires after 24 h; a channel that was evicted, has
// expired, or lost its token is replaced. One that the platform does not call gone in its
// own words may still take up a place, and is used again where there is no room for another.
//
// Reading never waits for hooks: partial conversations that arrive while the
// conversation is being stored are merged and stored next. The number of those
// that wait is bounded; when the store cannot keep up for long, frames are
// dropped, and announced as a gap.
//
// # Where to look
//
// [Source] wires types that know of each other only what they are given:
// wanted (the topics that all processes together listen to), sharing (those of
// them that this process listens to; takeover.go: what it took over from another;
// signs.go: until when they were heard; elsewhere.go: what others hear now),
// detailTopics (topics of single conversations), assignment (which topic is on which
// connection; shrink.go: when one is given back), connection (listen.go: how one
// channel is kept connected and subscribed; session.go: while there is a socket;
// socket.go), claims (which channel belongs to which process), unanswered (channels
// that may have been created), refusedTopics, silence and doubts (deaf channels),
// overload, inbox (from reading to storing), peers (the state that processes share
// through the store). Each has its tests beside it; those of the whole, against a
// simulated platform, are named after promises.
package notifications
