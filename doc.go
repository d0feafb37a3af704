// Package convtrack follows the Genesys Cloud conversations that a
// case-management backend is involved in, and runs typed hooks on what happens
// to them.
//
// It hears Genesys over whatever sources are at hand, joins everything that is
// said about a conversation into one picture, keeps that in a store, and
// announces what follows from it: a conversation was created, a participant was
// added, an agent was connected, transferred it or hung up, the conversation
// ended or was re-opened.
//
//	hooks := events.NewHooks()
//	events.Before(hooks, "link-case", func(ctx context.Context, e *events.ConversationCreated) error {
//		if customer, known := e.Conversation.Customer(); known {
//			e.SetAttribute("caseId", cases.ByCaller(customer.Address))
//		}
//		return nil
//	})
//	events.After(hooks, "case-owner", func(ctx context.Context, e *events.AgentConnected) error {
//		return cases.SetOwner(ctx, e.Conversation.Attributes["caseId"], e.UserID)
//	})
//	tracker, err := convtrack.New(memstore.New(), &convtrack.Config{Hooks: hooks})
//	if err != nil { … }
//	err = tracker.Run(ctx, sources...)
//
// Package events has the table of all Common Events, with when each fires and what
// each way of hearing can know of it.
//
// # What is promised
//
// Every fact accepted from a source is stored before the source is
// acknowledged: Observe returns when it is.
//
// Each Common Event is derived once, whichever source said it first, however
// often, in whatever order. Its id is computed from what happened.
//
// A Before hook's writes commit with the change or not at all.
//
// An After hook runs at least once, in order within a conversation, with a
// stable id that makes it idempotent.
//
// While no source is connected we are blind; when one returns we say for how
// long, and repair from the API.
//
// # What happens to a message
//
// The data flows in one direction: bytes → partial conversation → merge →
// derive → store → hooks. Package genesys decodes a message into partial
// conversations; [Tracker.Observe] puts each into the lane of its conversation.
// A committer takes what has accumulated in the lanes, merges it into the
// conversations, derives the events that have not been announced, and writes
// the changed rows, the events and their deliveries in one transaction. Then
// the After hooks run, each in order within the conversation.
//
// A lane is worked on by one goroutine at a time, so a conversation's changes
// are ordered; lanes run in parallel. Nothing is batched by a timer: an idle
// tracker commits a single change at once, a busy one commits what has come
// meanwhile. A conversation whose Before hooks run, and one that lost a race
// with another process, leaves the batch and is committed alone, so it delays
// no other.
//
// # Several processes
//
// Processes that share a store share the conversations: each is looked after by
// one of them, which has it in memory. Any process may hear anything: what it
// hears of a conversation that another one looks after it puts into the inbox of
// that one, durably, and then Observe returns; or without that, when the other one
// says within a moment that it has heard and stored the same message. When a process dies the others take
// over its conversations, its inbox and its deliveries once its lease has ended.
//
// A hint (conversation.Hint) says that something happened to a conversation, not
// what. It is as durable as a fact, and has the first source that is a [Reader]
// read the conversation within a second, once however many hints came.
//
// # What waits before it is announced
//
// A snapshot of the live API or a record shows all of a conversation; a
// conclusion from it is announced at once. Single facts arrive in any order:
// an agent's act concluded from them settles for half a second, the end of a
// conversation for five; see [Config].
//
// # When a hook fails
//
// A Before hook's error rolls the change back; the change is tried again a few
// times and is then set aside with the facts it holds, and with what is heard of
// the conversation meanwhile. It is tried again by itself, with pauses that grow to
// minutes, for a day ([Config].RefusedFor), also after a restart and by whichever
// process looks after the conversation then. No other conversation waits for it. An
// After hook's delivery is tried again with backoff and has then failed; it holds
// back only later events of that hook in that conversation.
//
// [Tracker.Failed] lists both, with error, stack and the time of the next try;
// [Tracker.Retry] and [Tracker.Skip] decide, [Tracker.RetryAll] and
// [Tracker.SkipAll] for all that a hook, a type of event or a time selects. What
// nobody tries any more is told to [Config].OnFailed at once.
//
// # When a hook cannot decide, or has decided wrongly
//
// A Before hook that cannot say yet whether a conversation is to be tracked returns
// events.NotYet: the facts are kept aside, and it is asked again with each new one,
// for the last time when [Config].UndecidedFor has passed. [Tracker.Track] takes a
// veto back.
//
// # Health
//
// [Tracker.Health] says how the store, the sources and the hooks do. When a source
// fails for good Run stops with its error, unless Config.OnSourceFailed lets the
// others go on.
//
// # Forgetting
//
// [Tracker.Forget] deletes conversations for good, in all processes that share
// the store: what sources say of them later is dropped. [Tracker.Find] finds those
// of a person, and Config.Retain forgets what ended long ago.
//
// # Packages
//
//   - conversation: the domain, and how statements about it are joined
//   - events: the Common Events, the rules that derive them, and the hooks
//   - store: the contract of a store; store/memstore keeps everything in memory,
//     store/sqlitestore in a file, store/pgstore in PostgreSQL
//   - storetest: the conformance suite for stores; store/pgstore/pgtest: a
//     PostgreSQL for tests
//   - store/inspector: pages for operators
//   - events/hooktest: tests of hooks; dryrun: what other rules or hooks would
//     announce
//   - genesys: decoding of every Genesys message
//   - genesys/notifications, genesys/polling: sources that hear an organisation
//   - genesys/eventbridge, genesys/architect: what Amazon EventBridge delivers and
//     what flows say; flows run from hooks
//   - genesys/clientapp: the page in the agents' desktop
//   - genesys/platform: its REST API, through the official SDK; genesys/rest:
//     through net/http
//   - genesys/directory: its users and queues as they come and go
//   - genesys/setup: configuration to import at Genesys and AWS
//   - genesys/recording: what sources hear, kept without personal data
//   - genesys/genesystest: a simulator of it, and scripted conversations
package convtrack
