package events

// Rule names the rule that derived an event. The numbers are sections of
// genesys/PROTOCOL.md, which says what each fact rests on.
type Rule string

// The rules.
const (
	// RuleFirstHeard: something is said about a conversation that is not
	// stored yet.
	RuleFirstHeard Rule = "first-heard"
	// RuleNewParticipant: a participant id is first known (7.1).
	RuleNewParticipant Rule = "new-participant"
	// RuleNewPerson: a user id of the agents' side is first known. The live
	// API makes a participant for each alert, analytics gathers the sessions of
	// one agent in one participant (7.1), so the person is what counts.
	RuleNewPerson Rule = "new-person"
	// RuleAnswered: an agent's leg has a connected time, an interact segment,
	// an interacting duration or the queue's ANSWERED (7.2, 7.3).
	RuleAnswered Rule = "agent-answered"
	// RuleBlindTransfer: the leg ended with transfer (7.4, 7.5).
	RuleBlindTransfer Rule = "agent-blind-transfer"
	// RuleConsultTransfer: the leg ended with consultTransfer, the metric counts
	// a completed consult, or a consult was open when the other agent joined (7.6).
	RuleConsultTransfer Rule = "agent-consult-transfer"
	// RuleHungUp: the leg ended with client or endpoint (7.8).
	RuleHungUp Rule = "agent-hung-up"
	// RuleRecordedEnd: an analytics or REST record states the end (7.12).
	RuleRecordedEnd Rule = "recorded-end"
	// RuleAllLegsOver: every leg is over and no wrap-up is owed (7.9, 7.12).
	RuleAllLegsOver Rule = "all-legs-over"
	// RuleLegAfterEnd: a leg of a customer, a queue or an agent began after the
	// end that was announced (7.10).
	RuleLegAfterEnd Rule = "leg-after-end"
	// RuleQueued: an acd leg is there (7.1).
	RuleQueued Rule = "acd-leg"
	// RuleAlerted: a leg was seen alerting, or has an alert segment or an alerting
	// duration (7.2, 7.3).
	RuleAlerted Rule = "agent-alerted"
	// RuleUnanswered: a leg that alerted is over and was never connected (7.3).
	RuleUnanswered Rule = "alert-unanswered"
	// RuleLeft: all legs of an agent's stretch are over (7.13).
	RuleLeft Rule = "stretch-over"
	// RuleWrappedUp: a leg of an agent who was connected has a wrap-up code (7.9).
	RuleWrappedUp Rule = "wrap-up-code"
	// RuleSurveyCompleted: a survey's status is Finished (6.6).
	RuleSurveyCompleted Rule = "survey-finished"
	// RuleReleased: an evaluation is stated to be released (6.6).
	RuleReleased Rule = "evaluation-released"
	// RuleVersion: a version of the conversation was stored that shows something
	// else than the one before.
	RuleVersion Rule = "new-version"
)
