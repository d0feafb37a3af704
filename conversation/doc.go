// Package conversation holds what convtrack knows about a Genesys Cloud
// conversation, and how everything that was ever said about it becomes one
// picture.
//
// # Vocabulary
//
// A [Conversation] has participants, a [Participant] (a party in a role: the
// customer, a flow, a queue, an agent) has sessions, a [Session] (one leg with
// one medium; Genesys's live API calls it a communication, with the same id)
// has segments and metrics. Surveys and evaluations hang on the conversation.
// Fields carry the names of Genesys's analytics conversation record; enums are
// normalised to its spelling, whichever channel they came from, and values
// that are not in a list here survive as they are.
//
// Times are UTC, kept to the microsecond. Durations are milliseconds, as in
// Genesys's own fields.
//
// # A conversation is the join of everything said about it
//
// Every Genesys message is decoded into a partial Conversation that holds just
// what the message states, marked with [State] by who says so and when.
// [Merge] joins two of them. It is commutative, associative and idempotent, so
// duplicates, disorder, overlapping sources and replays need no special case:
// the same set of messages gives the same conversation.
//
// Entities are matched by key: participant by id; session by id, wherever it
// is grouped; segment by session, type and start; metric by session, name and
// emit time; survey and evaluation by id. A field stated differently by two
// messages is settled by a rule that does not look at the order of arrival;
// FIELDS.md in this directory lists the rule of each field, and why.
//
// What no message states but the facts imply ([Conversation.Status],
// [Conversation.End] of a conversation no record has closed yet, the connected
// time of a leg that only detail events know) is derived again after each
// Merge and never takes part in it as a fact.
//
// # Immutability
//
// A Conversation and everything below it is immutable once it has been merged:
// Merge returns a new value that shares what did not change. So it may be read
// from any number of goroutines, and two versions are compared cheaply
// ([Diff]). Only a decoder that composes a partial conversation writes to its
// fields, before it calls State.
//
// The package is the standard library only and does no I/O.
package conversation
