package sqlitestore

import (
	"slices"
	"strings"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// filter is the conditions of a query.
type filter struct {
	index      string // the one to use; empty where SQLite chooses
	conditions []string
	args       []any
}

func (f *filter) and(condition string, args ...any) {
	f.conditions = append(f.conditions, condition)
	f.args = append(f.args, args...)
}

// among takes what one of the values stands for behind the condition.
func among[T ~string](f *filter, condition string, values []T) {
	marks := make([]string, len(values))
	for i, v := range values {
		marks[i] = "?"
		f.args = append(f.args, string(v))
	}
	f.and(condition + " IN (" + strings.Join(marks, ", ") + ")")
}

func (f *filter) between(column string, from, before time.Time) {
	if !from.IsZero() {
		f.and(column+" >= ?", ceiling(from))
	}
	if !before.IsZero() {
		f.and(column+" < ?", ceiling(before))
	}
}

// ceiling is the first microsecond that is not before t.
func ceiling(t time.Time) int64 { return t.Add(time.Microsecond - 1).UnixMicro() }

// bound adds what the query selects by in the order that it asks for, and what an
// index leaves little of: what bounds how many conversations are looked at.
func (s *Store) bound(f *filter, q *store.Query) {
	f.and("c.provenance IS NOT NULL")
	if open(q) {
		// There is an index of those, which are few: it is better than to look at all
		// conversations in the order of the page.
		f.and("c.calculated_status <> 'Ended'")
		if len(s.finders(q)) == 0 && q.StartedFrom.IsZero() {
			f.index = " INDEXED BY " + s.config.Prefix + "conversation_open"
		}
	}
	if q.Order == store.LastChanged {
		f.changed(q)
	} else {
		f.started(q)
	}
}

func open(q *store.Query) bool {
	return q.Open || q.PresentUserID != "" || q.PresentQueueID != "" || len(q.Status) > 0 && !slices.Contains(q.Status, conversation.StatusEnded)
}

func (f *filter) changed(q *store.Query) {
	if !q.ChangedSince.IsZero() {
		f.and("c.changed >= ?", ceiling(q.ChangedSince))
	}
}

func (f *filter) started(q *store.Query) {
	f.between("c.conversation_start", q.StartedFrom, q.StartedBefore)
}

// ask adds what each conversation is asked.
func (s *Store) ask(f *filter, q *store.Query) {
	f.and("true")
	if q.Order == store.LastChanged {
		f.started(q)
	} else {
		f.changed(q)
	}
	f.between("c.conversation_end", q.EndedFrom, q.EndedBefore)
	if len(q.Status) > 0 {
		among(f, "c.calculated_status", q.Status)
	}
	if len(q.Media) > 0 {
		among(f, "+EXISTS (SELECT 1 FROM "+s.config.Prefix+"session AS m WHERE m.conversation_id = c.conversation_id AND m.media_type", q.Media)
		f.conditions[len(f.conditions)-1] += ")"
	}
	if q.Direction != "" {
		f.and("c.originating_direction = ?", string(q.Direction))
	}
	if q.PresentUserID != "" {
		f.and("EXISTS (SELECT 1 FROM json_each(c.present_user_ids) AS u WHERE u.value = ?)", q.PresentUserID)
	}
	if q.PresentQueueID != "" {
		f.and("EXISTS (SELECT 1 FROM json_each(c.present_queue_ids) AS u WHERE u.value = ?)", q.PresentQueueID)
	}
}

// finder is what a query selects by that has an index of its own. A plus before
// EXISTS has it asked of each conversation.
type finder struct {
	ids   string // selects the ids of all conversations of which it holds
	holds string // asks a conversation c
	args  []any  // of either
}

func (s *Store) finders(q *store.Query) (all []finder) {
	add := func(ids, holds string, args ...any) {
		prefixed := strings.NewReplacer("@", s.config.Prefix)
		all = append(all, finder{prefixed.Replace(ids), prefixed.Replace(holds), args})
	}
	if q.EverUserID != "" {
		const of = "FROM @participant WHERE user_id = ?"
		add("SELECT conversation_id "+of, "+EXISTS (SELECT 1 "+of+" AND conversation_id = c.conversation_id)", q.EverUserID)
	}
	if q.EverQueueID != "" {
		const participants = "FROM @participant AS p WHERE p.queue_id = ?"
		// A flattened session is hidden by another one.
		const sessions = `FROM @session AS s WHERE s.queue_id = ? AND (s.flattened = 0 OR NOT EXISTS (SELECT 1 FROM @session AS t
			WHERE t.conversation_id = s.conversation_id AND t.participant_id = s.participant_id AND t.flattened = 0 AND t.media_type IS s.media_type))`
		add("SELECT p.conversation_id "+participants+" UNION ALL SELECT s.conversation_id "+sessions,
			"(EXISTS (SELECT 1 "+participants+" AND p.conversation_id = c.conversation_id) OR EXISTS (SELECT 1 "+sessions+" AND s.conversation_id = c.conversation_id))",
			q.EverQueueID, q.EverQueueID)
	}
	if q.Address != "" {
		const holds = "customer_address = nullif(?, '')"
		add("SELECT conversation_id FROM @conversation WHERE "+holds, "c."+holds, conversation.Address(q.Address))
	}
	for name, value := range q.Attribute {
		const of = "FROM @attribute WHERE name = ? AND value = ?"
		add("SELECT conversation_id "+of, "+EXISTS (SELECT 1 "+of+" AND conversation_id = c.conversation_id)", name, value)
	}
	return all
}
