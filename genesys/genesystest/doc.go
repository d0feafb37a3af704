// Package genesystest is a simulated Genesys Cloud: for tests, for trying things
// out, and for load. No organisation at Genesys is needed.
//
// # Stories
//
// A [Story] says what really happened in a conversation. Every message of the
// platform is composed from it: notification snapshots, detail events,
// EventBridge envelopes, REST and analytics conversations. So they agree with
// each other as those of the platform do, with the small skews of real data.
// [Scenarios] are the stories of the rules in genesys/PROTOCOL.md, each with what
// must be announced of it.
//
// # The server
//
// [NewServer] starts a real server on a loopback socket, which the official SDK
// and gorilla/websocket talk to unchanged: set the SDK's BasePath to
// [Server.URL]. With [InMemory] the server needs no socket and works inside a
// testing/synctest bubble, where a day takes milliseconds; it is then reached
// with [Server.DialContext].
//
//	s := genesystest.NewServer(t)
//	playing := s.Play(genesystest.BlindTransferToQueue(), genesystest.Speed(50))
//	// … connect to s.URL() with s.Credentials() and listen …
//	err := playing.Wait(ctx)
//
// [Server.Play] lets a conversation happen at its own moments. [Server.Load]
// plays many random ones. [Server.Faults] makes things fail while it runs, and
// [Server.Truth] tells what really happened, to compare with what was heard.
// [Server.Requests] is the log of all requests.
//
// # The desktop
//
// [Server.DesktopURL] is a page that stands for the agent's desktop of Genesys
// Cloud: it shows the client apps of [Server.InstallApps] in their sandboxed
// frames, with what Genesys puts in place of the placeholders in their URLs, and
// speaks with them as the official client app SDK does. Interactions can be
// started, transferred and ended there.
//
// # What it imitates
//
//   - OAuth client credentials with tokens that expire and can be revoked.
//   - Users who log in from a browser: authorization code with PKCE, a login page
//     that cannot be framed, sessions by cookie, CORS with preflights; tokens that
//     are revoked when idle, tokens of other clients and organisations ([Server.LogIn]);
//     the permissions to read and to listen.
//   - The rate limit of a client for each minute, its headers, 429 with
//     Retry-After; error bodies with the platform's codes; correlation ids.
//   - Notification channels: 24 hours of life, 20 for each client with silent
//     eviction, 1000 topics of at most 200 characters, combined topics, refused
//     topics with and without ignoreErrors.
//   - WebSockets: heartbeats, ping and pong, one connection for each channel, the
//     closing notice, delivery at most once and to nobody who is not connected.
//   - Topics: v2.users.{id}.conversations and v2.routing.queues.{id}.conversations
//     with their media topics, v2.detail.events.conversation.{id}.*,
//     v2.analytics.conversation.{id}.metrics, v2.quality.evaluations.
//   - The conversation of the live API with its media forms, attributes, disconnect.
//   - Analytics: by id, several by id, the details query (by day of the start, with
//     filters, order and paging), details jobs (by activity, with attributes,
//     polling and cursors), both with a lag that can be set; how long an interval
//     may be, and how far the pages of a query reach.
//   - Quality: evaluations with their query, surveys; both change ended records, for
//     months: reopened, scored again, released on a date, deleted, expired, failed.
//   - Users, queues and wrap-up codes; who the token is; flow executions, which
//     can take time and fail, triggers that start them, and data actions.
//   - EventBridge: envelopes to a callback (also as the bodies of SQS messages), to
//     an API destination that is tried again and gives up for good when it is told
//     that its secret is wrong, and into a queue of [SQS].
//
// # What it does not imitate
//
//   - The desktop, but for frames, placeholders, the hooks bootstrap, focus, blur and
//     stop, toasts and the log of everything else that an app says: nothing is done
//     when an app wants to open a profile, an interaction or a help page. Which
//     names of environments a simulator has: it says prod. Genesys's list of who
//     may embed it.
//   - Passwords, single sign-on, consent, refresh tokens, logging out, roles: a user
//     is chosen on the login page and has a list of permissions. Scopes are shown
//     and restrict nothing. A client with client credentials may do everything but
//     what [ForbidTopics] says. Divisions. Ids in topics are not checked for
//     existence.
//   - With whom the platform shares answers (CORS), and which of their headers: here
//     with the origins of the redirect URIs, and none. Whether its login page can
//     be framed, how long a code is valid, what an idle user's channels do, and
//     whether taking part in a conversation is enough to read it are not known.
//   - TLS, several hosts, regions: login, API and streaming are one plain HTTP
//     server. A token that expires or is revoked leaves its channels alone (what
//     the platform does is not known).
//   - Doing things to conversations, but for attributes and disconnect: no
//     transfer, answer, hold, wrap-up, no new conversations through the API.
//   - GET /api/v2/conversations is always empty: a client has no conversations.
//   - Wrap-ups and parties as live conversations have them in full: bodies hold the
//     fields that tell the story, and some that nobody asked for. [Notification]
//     composes one at full size, for measuring.
//   - Topics about presence, routing status, statistics, transcription, recordings:
//     they can be subscribed and bring nothing. Events of contacts, which no
//     story has.
//   - The metrics are those that the scenarios need, not all of a real record.
//   - Retention: nothing is deleted but the oldest conversations beyond [Keep].
//   - Aggregations of the details query, resolutions, searching users by anything
//     but name and id, scopes, limits of single resources.
//   - Subscribing over the socket, several events in one frame: neither was ever
//     seen officially.
//   - AWS itself, but for SQS as far as a consumer meets it: see [SQS].
//   - Addresses of other than calls as the platform has them: which of its media fill
//     addressFrom and addressTo in records and detail events is not known; here all do.
//   - Everything that PROTOCOL.md lists as not known: the simulator takes one of the
//     possibilities, and where an [Option] or [Otherwise] says so, the other.
package genesystest
