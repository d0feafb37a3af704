// Package rows is the one mapping between conversations and table rows, for
// the stores that keep them in a relational database.
//
// Each [Entity] has a [Table]: its key, which begins with conversation_id, a
// column for what reports and listings ask for, in Genesys's terms in
// snake_case, a column "more" with the remaining fields as a JSON object, and
// a column "provenance" that says who stated what and when. Which fields have
// a column of their own is the list in columns.go. All others are found
// through the tables of fields of package conversation, so that a field that
// is added there is stored without a change here.
//
// An engine makes its statements from the tables, and binds and scans values
// in the order of their columns: a [Batch] gives it the rows to write for
// changes of conversations, a [Reader] takes rows and gives back the
// conversations. [RecordOf] gives what else is kept of a conversation.
//
// # What a listing must know
//
// A conversation that has no provenance has no state: it is a tombstone, or a
// refused change is all there is. A session that is flattened is hidden while
// its participant has another one, not flattened, of the same medium, or both
// of none: rows of both are there.
//
// # Times and lists
//
// A time is kept to the microsecond, as microseconds since 1970 in UTC. A
// value that is not known is null, except in keys, where a time that is not
// known is the first microsecond of the year 1, as in package time.
package rows
