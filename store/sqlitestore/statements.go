package sqlitestore

import (
	"fmt"
	"strings"

	"github.com/dcmkit/convtrack/store/internal/rows"
)

// statements are all that are prepared, for the prefix of the tables.
type statements struct {
	begin, beginRead              *statement
	commit, rollback              *statement
	savepoint, release, undo      *statement
	lastChange, version           *statement
	dataVersion                   *statement // of the file, as this connection sees it
	create, createRecord          *statement // of conversations
	update, updateRecord, clear   *statement
	upsert                        map[rows.Entity]upserts // of rows below conversations
	deleteAll                     []*statement            // of what is below a conversation
	deleteSuperseded              *statement
	addEvent, addDelivery         *statement
	load                          map[rows.Entity]*statement
	loadRecords, loadLog, backlog *statement
	due, backlogs                 *statement
	value, addValue, setValue     *statement
	noteClock                     *statement
	refillable, refill, refilled  *statement
	outbox                        outboxStatements
	inbox                         inboxStatements
	forget                        forgetStatements
	log, logDeliveries, exists    *statement
	failedDeliveries              string
	failedChanges                 string
}

// clockName is the name of the value whose version is by how many microseconds
// the clock is ahead of the wall clock.
const clockName = "sqlitestore/clock"

// newStatements writes them. In the texts below, @ stands for the prefix.
func newStatements(prefix string) *statements {
	text := func(s string) string { return strings.ReplaceAll(s, "@", prefix) }
	prepare := func(s string) *statement { return &statement{text(s)} }
	conversation := rows.Conversation.Table()
	record := conversation.Columns[:conversation.Keys+conversation.Record]
	s := &statements{
		begin: prepare("BEGIN IMMEDIATE"), beginRead: prepare("BEGIN"), commit: prepare("COMMIT"), rollback: prepare("ROLLBACK"),
		savepoint: prepare("SAVEPOINT " + savepoint), release: prepare("RELEASE " + savepoint), undo: prepare("ROLLBACK TO " + savepoint),
		lastChange: prepare("SELECT coalesce(max(changed), 0) FROM @conversation"),
		version:    prepare("SELECT version FROM @conversation WHERE conversation_id = ?"),

		dataVersion: prepare("PRAGMA data_version"),

		create:       prepare(insert(conversation.Name, conversation.Columns, 1) + " ON CONFLICT DO NOTHING"),
		createRecord: prepare(insert(conversation.Name, record, 1) + " ON CONFLICT DO NOTHING"),
		update:       prepare(updateConversation(conversation.Columns[1:], nil)),
		updateRecord: prepare(updateConversation(record[1:], nil)),
		clear:        prepare(updateConversation(record[1:], conversation.State())),

		deleteSuperseded: prepare("DELETE FROM @segment WHERE conversation_id = ? AND session_id = ?"),
		addEvent:         prepare(insert(rows.Event.Table().Name, rows.Event.Table().Columns, 1)),
		addDelivery: prepare(`INSERT INTO @delivery (conversation_id, hook, seq, event_id, state, due, owner, trace, attempts, head)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, NOT EXISTS (SELECT 1 FROM @delivery WHERE conversation_id = ?1 AND hook = ?2 AND state < 3))`),

		loadRecords: prepare(selectByID(conversation.Name, "t.conversation_id, version, vetoed, pending, refused, refused_at, "+names(conversation.State(), "t."))),
		loadLog:     prepare(selectByID("event", "t.conversation_id, event_id, seq")),
		backlog:     prepare(strings.Replace(selectByID("delivery", "t.conversation_id, hook"), "SELECT", "SELECT DISTINCT", 1) + " WHERE state < 3"),

		due: prepare("SELECT conversation_id, due FROM @conversation WHERE due IS NOT NULL ORDER BY due, conversation_id LIMIT ?"),

		backlogs: prepare("SELECT hook, count(*) FROM @delivery WHERE state < 3 GROUP BY hook"),

		value:    prepare("SELECT value, version FROM @value WHERE name = ?"),
		addValue: prepare("INSERT INTO @value (name, version, value) VALUES (?, 1, ?) ON CONFLICT DO NOTHING"),
		setValue: prepare("UPDATE @value SET value = ?2, version = version + 1 WHERE name = ?1 AND version = ?3"),

		noteClock: prepare("INSERT INTO @value (name, version, value) VALUES (?, ?, x'') ON CONFLICT DO UPDATE SET version = excluded.version"),

		refillable: prepare("SELECT conversation_id FROM @conversation WHERE provenance IS NOT NULL AND conversation_id > ? ORDER BY conversation_id LIMIT ?"),
		refill:     prepare("UPDATE @conversation SET customer_address = ?, present_user_ids = ?, present_queue_ids = ? WHERE conversation_id = ?"),
		refilled:   prepare("DELETE FROM @value WHERE name = ?"),

		outbox:        newOutboxStatements(prepare),
		inbox:         newInboxStatements(prepare),
		forget:        newForgetStatements(prepare),
		exists:        prepare("SELECT 1 FROM @conversation WHERE conversation_id = ?"),
		log:           prepare("SELECT " + names(rows.Event.Table().Columns, "") + " FROM @event WHERE conversation_id = ? ORDER BY seq"),
		logDeliveries: prepare(`SELECT seq, hook, state, attempts, error, stack FROM @delivery WHERE conversation_id = ? ORDER BY hook`),

		failedDeliveries: text(failedDeliveriesText),
		failedChanges:    text(failedChangesText),
		upsert:           map[rows.Entity]upserts{},
		load:             map[rows.Entity]*statement{},
	}
	for _, e := range rows.Children() {
		t := e.Table()
		s.upsert[e] = newUpserts(prepare, t)
		s.load[e] = prepare(selectByID(t.Name, names(t.Columns, "t.")))
		s.deleteAll = append(s.deleteAll, prepare("DELETE FROM @"+t.Name+" WHERE conversation_id = ?"))
	}
	s.upsert[rows.Attribute] = newUpserts(prepare, rows.Attribute.Table())
	s.deleteAll = append(s.deleteAll, prepare("DELETE FROM @attribute WHERE conversation_id = ?"))
	return s
}

func insert(table string, columns []rows.Column, n int) string {
	row := "(" + strings.TrimSuffix(strings.Repeat("?, ", len(columns)), ", ") + ")"
	return fmt.Sprintf("INSERT INTO @%s (%s) VALUES %s", table, names(columns, ""), strings.TrimSuffix(strings.Repeat(row+", ", n), ", "))
}

func upsert(t *rows.Table, n int) string {
	var sets []string
	for _, c := range t.State() {
		sets = append(sets, c.Name+" = excluded."+c.Name)
	}
	return fmt.Sprintf("%s ON CONFLICT (%s) DO UPDATE SET %s", insert(t.Name, t.Columns, n), names(t.Key(), ""), strings.Join(sets, ", "))
}

// severalRows is how many rows a statement writes where there are as many: each
// statement has a cost of its own, and a snapshot often has a handful of rows.
const severalRows = 4

// upserts write rows of a table, one or several with a statement.
type upserts struct{ one, several *statement }

func newUpserts(prepare func(string) *statement, t *rows.Table) upserts {
	return upserts{prepare(upsert(t, 1)), prepare(upsert(t, severalRows))}
}

// updateConversation sets columns of one version of a conversation, and others
// to null. The id and the version come last.
func updateConversation(set, null []rows.Column) string {
	var sets []string
	for _, c := range set {
		sets = append(sets, c.Name+" = ?")
	}
	for _, c := range null {
		sets = append(sets, c.Name+" = NULL")
	}
	return "UPDATE @conversation SET " + strings.Join(sets, ", ") + " WHERE conversation_id = ? AND version = ?"
}

// selectByID selects the rows of the conversations whose ids are in a JSON
// array, conversation by conversation.
func selectByID(table, columns string) string {
	return fmt.Sprintf("SELECT %s FROM json_each(?) AS id CROSS JOIN @%s AS t ON t.conversation_id = id.value", columns, table)
}
