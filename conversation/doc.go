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
// Who is at the outside, and from which address, [Conversation.Customer] says:
// each form of message has it in other fields.
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
// # Surveys and evaluations
//
// These are replaced as a whole by their owner, the quality API, and go back
// and forth: an evaluation is opened again, scored again, its release taken
// back. So they are settled as a whole, too. Of each kind of statement (the
// quality API, a listing of it without scores, the topic v2.quality.evaluations,
// the record) the newest is kept, and what is shown is a function of those:
//
//   - Of an evaluation, the statement of the latest change stands: changedDate,
//     eventTime or assignedDate, whichever is the latest. A release date is none
//     of these, as it may lie 45 days ahead.
//   - Of a survey, the furthest state stands (Pending, Sent, InProgress, then
//     Error, Expired and OptOut, then Finished), then the later completion: the
//     quality API gives no time, and answers Pending for some seconds after the
//     completion. Among records, which have one, the later event time stands.
//   - At one time the quality API is believed before the record, and that before
//     the topic.
//   - A field that the standing statement lacks is not set, if its kind of
//     statement knows the field. Otherwise it is as the newest of those says that
//     know it: a record knows no comments, a listing no scores. The form, queue,
//     agent and calibration stay as long as any kind says them.
//   - Records and the topic round scores. An exact score stays while the status
//     is the same, no score was given anew, and the rounded one is it.
//   - An evaluation is released when the standing statement says so, by its flag
//     or by a date that had come, or when a release date has come since its change
//     and the quality API was read after that.
//
// That an evaluation was released, or a survey finished, stays so when it is not
// any more ([Evaluation.Releases], [Survey.Finished]). For that the versions that
// newer ones have replaced are kept, of each change that has a time of its own one,
// with what an event tells: they take no part in what is shown.
//
// Two statements of one kind about one change (a quality API answer that says
// that the agent has read the evaluation has the changedDate of the one before)
// have no order but Statement.Seen: the one that was heard last stands.
//
// # What is derived
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
