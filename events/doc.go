// Package events derives Common Events from conversations and runs the hooks
// registered for them.
//
// # Common Events
//
// [Derive] is a pure function of the joined state of a conversation: it gives
// every event that the state implies, each with an id computed from what
// happened. The tracker announces those that it has not announced before, so a
// fact that is heard twice, late, out of order or over several channels is one
// event. Each event names the rule that derived it; see [Rule].
//
// An agent's stretch is a maximal time in which a person of the agents' side
// has at least one connected leg. A callback's call, a co-browse or a screen
// share belongs to the stretch of the leg it overlaps. A stretch ends by the
// agent's transfer, or by the agent's hanging up, or by neither (the customer
// left, a timer, the system), and never by both. A declined or timed-out alert
// is no stretch, even when it carries wrap-up.
//
// Seven types are announced by every tracker. The others ([Type.Further]), from
// conversation.queued on, are announced where a hook takes them, from the
// registration of the hook on: what had happened by then is not told later. They
// are conclusions from the same state under the same laws. What each channel can
// know by itself, of what it hears as it happens – topics over the WebSocket
// (snapshots); EventBridge and detail events (single facts); the conversation as
// REST shows it; analytics records, which polling reads:
//
//	                       snapshots  single facts  REST  records
//	conversation.created   yes        yes           yes   yes
//	participant.added      yes        mostly        yes   mostly
//	agent.connected        yes        mostly        yes   yes
//	agent.transferred      yes        yes           yes   yes
//	agent.disconnected     yes        mostly        yes   yes
//	conversation.ended     mostly     mostly        yes   yes
//	conversation.reopened  mostly     no            yes   yes
//	conversation.queued    yes        yes           yes   yes
//	agent.alerted          yes        yes           yes   yes
//	agent.unanswered       yes        yes           yes   yes
//	agent.left             yes        mostly        yes   yes
//	agent.wrappedUp        yes        yes           yes   yes
//	survey.completed       no         no            no    yes
//	evaluation.released    no         no            no    yes
//
// Mostly: single facts show a supervisor who listens in as an agent, tell only with
// the end of a leg that came through no queue that it was answered (until then it
// does not count among the remaining agents), and do not say that no after-call work
// is owed; the other party of a dialer's call is seen live only; that a conversation
// had ended before it was re-opened, only who listened then can tell. Surveys and
// evaluations are also told by the quality API, and evaluations by
// v2.quality.evaluations, days and weeks after the end.
// Detail events tell an alert with the end of its leg. Only the live API gives
// the name of a wrap-up code beside its id.
//
// A wrap-up code that was corrected before anybody has heard of it is not announced,
// and neither is one that is heard of after its correction: what was announced last
// would no longer be what stands. That an evaluation was released, or a survey
// finished, has happened all the same, and is announced also when it is heard after
// what came later: that the release was taken back, that the evaluation was opened
// again, deleted or released anew. A release that is scheduled is announced when its
// time has come, unless it is known by then that the plan was changed or called off.
// Records carry no dates: a record alone tells of one release only, and one that came
// before the planned day is taken for the planned one.
//
// # Hooks
//
// [Before] registers a hook that runs in line, in the store's transaction that
// writes the change; [After] one that runs after the commit, from a durable
// outbox, at least once and in order within a conversation. Both are typed by
// the event that they take; [Event] itself means every event.
//
//	hooks := events.NewHooks()
//	events.Before(hooks, "screen", func(ctx context.Context, e *events.ConversationCreated) error { … })
//	events.After(hooks, "case-owner", func(ctx context.Context, e *events.AgentConnected) error { … })
//
// A Before hook answers with nil, with [Veto], with [NotYet] while it cannot decide
// on a new conversation, or with an error, after which it is tried again. With
// [Optional] its errors hold nothing back. [Attempts], [Backoff] and [Timeout] say
// for either kind of hook how it is tried.
//
// Who the customer is, [conversation.Conversation.Customer] says, from whichever
// source it was heard, or that it is not known yet.
//
// Names are unique and required: they appear in logs, in the outbox and in
// what Tracker.Failed lists. A panic, a Goexit or a hang is the failure of that hook
// alone. Hooks may be registered and removed at any time, also from inside a
// hook; no lock is held while a hook runs.
//
// # For trackers
//
// [Derive], [Unannounced], [Encode], [Decode], [Copy], [InOrder], [Wanted], [Delivery],
// [Settling] and the methods of [Hooks] are what a tracker is made of. Who writes
// hooks, and tests them with package hooktest, needs none of them.
package events
