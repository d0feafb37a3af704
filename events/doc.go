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
// Who the customer is, [conversation.Conversation.Customer] says, from whichever
// source it was heard, or that it is not known yet.
//
// Names are unique and required: they appear in logs, in the outbox and in
// what is parked. A panic, a Goexit or a hang is the failure of that hook
// alone. Hooks may be registered and removed at any time, also from inside a
// hook; no lock is held while a hook runs.
package events
