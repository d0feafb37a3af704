package rows

import "slices"

// Entity names a table.
type Entity uint8

// The tables, each after those that it refers to.
const (
	Conversation Entity = iota
	Participant
	Session
	Segment
	Metric
	Transfer
	Survey
	Evaluation

	// The tables below are the engines' own: only their columns are here.

	Event
	Delivery
	Attribute // the host's, for engines that cannot look into JSON
	Named     // values of the host
	Inbox     // entries, whose conversations may not be stored yet
	Forgotten // tombstones of forgotten conversations
	Migration // applied ones
	entities
)

// Children are the entities below a conversation, each after those that it
// refers to.
func Children() []Entity {
	return []Entity{Participant, Session, Segment, Metric, Transfer, Survey, Evaluation}
}

// Column is a column of a table.
type Column struct {
	Name string
	Kind Kind
	// Required: it is never null.
	Required bool
}

// Table is a table as data.
type Table struct {
	// Name is without the prefix that all tables have.
	Name string
	// Columns begin with those of the primary key.
	Columns []Column
	// Keys is the number of columns of the primary key.
	Keys int
	// Record is the number of columns of a conversation that follow the key
	// and are not of its state: an engine writes them with every change.
	Record int
}

// Key returns the columns of the primary key.
func (t *Table) Key() []Column { return t.Columns[:t.Keys] }

// State returns the columns of the conversation's own state, or the columns
// beside the key in other tables.
func (t *Table) State() []Column { return t.Columns[t.Keys+t.Record:] }

// Place returns the place of the named column; it panics when there is none.
func (t *Table) Place(column string) int {
	i := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == column })
	if i < 0 {
		panic("rows: " + t.Name + " has no column " + column)
	}
	return i
}

// Table returns the entity's table. It must not be changed.
func (e Entity) Table() *Table { return tables[e] }

var tables = [entities]*Table{
	Conversation: {Name: "conversation", Keys: 1, Record: len(recordColumns), Columns: slices.Concat([]Column{conversationID}, recordColumns, conversationMap.columns())},
	Participant:  {Name: "participant", Keys: 2, Columns: slices.Concat([]Column{conversationID, text("participant_id")}, participantMap.columns())},
	Session:      {Name: "session", Keys: 2, Columns: slices.Concat([]Column{conversationID, text("session_id")}, sessionMap.columns())},
	Segment: {Name: "segment", Keys: 4, Columns: slices.Concat([]Column{conversationID, text("session_id"),
		{Name: "segment_start", Kind: Time, Required: true}, text("segment_type")}, segmentMap.columns())},
	Metric: {Name: "metric", Keys: 4, Columns: []Column{conversationID, text("session_id"),
		{Name: "emit_date", Kind: Time, Required: true}, text("name"),
		{Name: "value", Kind: Integer, Required: true}, {Name: "provenance", Kind: Integer, Required: true}}},
	Transfer:   {Name: "transfer", Keys: 2, Columns: slices.Concat([]Column{conversationID, text("transfer_id")}, transferMap.columns())},
	Survey:     {Name: "survey", Keys: 2, Columns: slices.Concat([]Column{conversationID, text("survey_id")}, surveyMap.columns())},
	Evaluation: {Name: "evaluation", Keys: 2, Columns: slices.Concat([]Column{conversationID, text("evaluation_id")}, evaluationMap.columns())},

	Event: {Name: "event", Keys: 2, Columns: []Column{conversationID, {Name: "seq", Kind: Integer, Required: true},
		text("event_id"), text("type"), {Name: "time", Kind: Time, Required: true}, text("rule"),
		{Name: "vetoed", Kind: Bool, Required: true}, {Name: "data", Kind: JSON, Required: true}}},
	Delivery: {Name: "delivery", Keys: 3, Columns: []Column{conversationID, text("hook"), {Name: "seq", Kind: Integer, Required: true},
		text("event_id"),
		{Name: "state", Kind: Integer, Required: true}, // see DeliveryWaiting
		{Name: "head", Kind: Bool, Required: true},     // the earliest unfinished one of its hook and conversation
		{Name: "due", Kind: Time, Required: true},      // when it can be claimed: its next try, or the end of its lease
		{Name: "owner", Kind: Text},
		{Name: "attempts", Kind: Integer, Required: true},
		{Name: "type", Kind: Text}, {Name: "error", Kind: Text}, {Name: "stack", Kind: Text}, {Name: "failed_at", Kind: Time}, {Name: "trace", Kind: Text}}},
	Attribute: {Name: "attribute", Keys: 2, Columns: []Column{conversationID, text("name"), text("value")}},
	Named: {Name: "value", Keys: 1, Columns: []Column{text("name"), {Name: "version", Kind: Integer, Required: true},
		{Name: "value", Kind: Blob, Required: true}}},
	Inbox: {Name: "inbox", Keys: 2, Columns: []Column{conversationID, text("key"), text("owner"),
		{Name: "heard_at", Kind: Time, Required: true}, {Name: "data", Kind: Blob, Required: true}}},
	Forgotten: {Name: "forgotten", Keys: 1, Columns: []Column{text("digest"), {Name: "forgotten_at", Kind: Time, Required: true}}},
	Migration: {Name: "migration", Keys: 1, Columns: []Column{{Name: "number", Kind: Integer, Required: true}, text("name"),
		{Name: "applied", Kind: Time, Required: true}}},
}

// The states of a delivery in its table.
const (
	DeliveryWaiting = iota
	DeliveryClaimed
	DeliveryFailed
	DeliverySkipped
)

var conversationID = text("conversation_id")

func text(name string) Column { return Column{Name: name, Kind: Text, Required: true} }

// recordColumns are what is kept of a conversation beside its state.
var recordColumns = []Column{
	{Name: "version", Kind: Integer, Required: true},
	{Name: "changed", Kind: Time, Required: true}, // the order of last change; no two have the same
	{Name: "vetoed", Kind: Text},                  // the reason; only a tombstone has one
	{Name: "pending", Kind: JSON},                 // conclusions that wait to settle
	{Name: "due", Kind: Time},                     // when the first of them does
	{Name: "refused", Kind: JSON},                 // a change that Before hooks refused
	{Name: "refused_by", Kind: Text},              // the hook
	{Name: "refused_at", Kind: Time},
}
