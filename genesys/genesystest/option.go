package genesystest

import (
	"slices"
	"time"
)

// Option changes how a [Server] behaves from its start.
type Option func(*config)

type config struct {
	memory bool
	addr   string
	seed   uint64

	clientID, clientSecret string
	otherClients           map[string]string // secret by id
	organization           string
	tokenLifetime          time.Duration
	idleTimeout            time.Duration
	loginReferrer          bool
	perMinute              int

	heartbeat       time.Duration
	channelLifetime time.Duration
	forbidden       []string
	combinedNames   bool
	leaversHear     bool
	holdsTwice      bool
	bridgeSnapshots bool
	otherwise       otherwise

	analyticsLag, lakeLag, jobTime time.Duration
	longestInterval                time.Duration
	mostResults                    int

	users, queues, wrapUpCodes []Entry
	flows                      []Flow
	mostStarts                 int
	keep                       int
}

func defaults() config {
	return config{
		addr: "127.0.0.1:0", seed: 1,
		clientID: "simulator-client", clientSecret: "simulator-secret", organization: "99999999-aaaa-4bbb-8ccc-000000000001",
		tokenLifetime: 86399 * time.Second, perMinute: 300,
		heartbeat: 30 * time.Second, channelLifetime: 24 * time.Hour, leaversHear: true,
		jobTime: time.Second, longestInterval: 31 * 24 * time.Hour, mostResults: 100_000, keep: 100_000,
	}
}

// InMemory lets the server listen on an in-memory network instead of a socket:
// it is reached with [Server.DialContext] only. Everything it does then works
// in a testing/synctest bubble, in virtual time.
func InMemory() Option { return func(c *config) { c.memory = true } }

// Addr is where to listen; without it a free port of the loopback interface.
func Addr(addr string) Option { return func(c *config) { c.addr = addr } }

// Seed makes everything that is random differ: ids, tokens, faults. The same
// seed and the same calls in the same order give the same choices. It is 1
// without the option.
func Seed(seed uint64) Option { return func(c *config) { c.seed = seed } }

// Credentials replaces the id and secret of the OAuth client.
func Credentials(id, secret string) Option {
	return func(c *config) { c.clientID, c.clientSecret = id, secret }
}

// AnotherClient adds an OAuth client. Each client has its own rate limit and its
// own channels.
func AnotherClient(id, secret string) Option {
	return func(c *config) {
		if c.otherClients == nil {
			c.otherClients = map[string]string{}
		}
		c.otherClients[id] = secret
	}
}

// TokenLifetime is how long an access token is valid: 86399 s without the
// option, which is what public logs show (protocol 8.2).
func TokenLifetime(d time.Duration) Option { return func(c *config) { c.tokenLifetime = d } }

// IdleTimeout is after how long without a request a user's token is revoked, as
// the inactivity timeout of an organisation does: never without the option. A
// request with preserveIdleTTL does not count.
func IdleTimeout(d time.Duration) Option { return func(c *config) { c.idleTimeout = d } }

// LoginNeedsReferrer lets the login refuse browsers that do not say, in the
// header Referer, that they come from a page of an OAuth client. Whether the
// platform does so is not known.
func LoginNeedsReferrer() Option { return func(c *config) { c.loginReferrer = true } }

// RateLimit is how many requests the client may make in a minute: 300 without
// the option (protocol 2.7). Zero or less means no limit.
func RateLimit(perMinute int) Option { return func(c *config) { c.perMinute = perMinute } }

// HeartbeatEvery is the period of the heartbeats: 30 s without the option. Zero or
// less means that there are none.
func HeartbeatEvery(d time.Duration) Option { return func(c *config) { c.heartbeat = d } }

// ChannelLifetime is how long a channel lives after the last change of its
// subscriptions: 24 h without the option (protocol 2.2).
func ChannelLifetime(d time.Duration) Option { return func(c *config) { c.channelLifetime = d } }

// ForbidTopics makes subscriptions to these topics fail for want of a
// permission. A topic that ends with * stands for all that begin so.
func ForbidTopics(topics ...string) Option {
	return func(c *config) { c.forbidden = append(c.forbidden, topics...) }
}

// CombinedTopicNames delivers what a combined topic brings under the combined
// name. Without it the individual topic is named; which of the two the platform
// does is not known (protocol 2.3).
func CombinedTopicNames() Option { return func(c *config) { c.combinedNames = true } }

// LeaversHearNothing ends the messages on a user's conversation topics when the
// user's part in the conversation is over. Without it they go on until the end;
// which of the two the platform does is not known.
func LeaversHearNothing() Option { return func(c *config) { c.leaversHear = false } }

// BridgeSnapshots lets EventBridge carry the snapshots of users' and queues'
// conversations, too. Without it there are detail events only.
func BridgeSnapshots() Option { return func(c *config) { c.bridgeSnapshots = true } }

// HoldsTwice lets each hold and each unhold come as two identical snapshots
// within 150 ms, as seen in a live organisation (protocol 3.10).
func HoldsTwice() Option { return func(c *config) { c.holdsTwice = true } }

// AnalyticsLag is how far the analytics reads by id and the details query are
// behind: nothing without the option. The platform's lag is seconds to minutes
// (protocol 6.5).
func AnalyticsLag(d time.Duration) Option { return func(c *config) { c.analyticsLag = d } }

// DataLakeLag is how far the details jobs are behind: nothing without the
// option. Their dataAvailabilityDate is so long ago.
func DataLakeLag(d time.Duration) Option { return func(c *config) { c.lakeLag = d } }

// JobTime is how long a details job takes: one second without the option.
func JobTime(d time.Duration) Option { return func(c *config) { c.jobTime = d } }

// LongestInterval is how long the interval of a details query or of a details
// job may be: 31 days without the option. Reports of the platform name 31 days
// and 7 (protocol 6.5).
func LongestInterval(d time.Duration) Option { return func(c *config) { c.longestInterval = d } }

// MostResults is how far the pages of a details query reach: its pageNumber
// times its pageSize may be so much, 100 000 without the option (protocol 6.5).
func MostResults(n int) Option { return func(c *config) { c.mostResults = n } }

// Entry is an entity of the directory.
type Entry struct {
	ID, Name string
	Division string // its id; empty: that of the home division, "d-home"
	State    string // of a user; empty: "active"
}

// Users adds users to the directory, beside those of the stories.
func Users(users ...Entry) Option {
	return func(c *config) { c.users = append(slices.Clone(c.users), users...) }
}

// Queues adds queues to the directory, beside those of the stories.
func Queues(queues ...Entry) Option {
	return func(c *config) { c.queues = append(slices.Clone(c.queues), queues...) }
}

// WrapUpCodes adds wrap-up codes to the directory, beside those of the stories.
func WrapUpCodes(codes ...Entry) Option {
	return func(c *config) { c.wrapUpCodes = append(slices.Clone(c.wrapUpCodes), codes...) }
}

// Keep is how many conversations and logged requests the server remembers:
// 100000 without the option. Beyond that the oldest conversations that are over
// are forgotten, as are the oldest requests.
func Keep(n int) Option { return func(c *config) { c.keep = max(n, 1) } }

// Flows adds workflows, for which the server knows how they run.
func Flows(flows ...Flow) Option {
	return func(c *config) { c.flows = append(slices.Clone(c.flows), flows...) }
}

// FlowStarts is how many flows may be started through the API in a second: the
// next ones are answered 429. Without the option there is no limit but that of
// requests. Genesys names some 15 for another product of its own.
func FlowStarts(perSecond int) Option { return func(c *config) { c.mostStarts = perSecond } }
