package pgstore

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/internal/rows"
)

// where collects conditions and their parameters.
type where struct {
	conditions []string
	params     []uint32
	args       []argument
	open       bool // only what is open is selected
}

func (w *where) add(condition string) { w.conditions = append(w.conditions, condition) }

// param adds a parameter, and returns it as it stands in a condition.
func (w *where) param(oid uint32, name string, v rows.Value) string {
	w.params = append(w.params, oid)
	w.args = append(w.args, argument{value: v})
	return "$" + strconv.Itoa(len(w.args)) + "::" + name
}

func (w *where) text(s string) string { return w.param(oidText, "text", textOf(s)) }

// bound adds what the query selects by in the order that it asks for, and what an
// index leaves little of: what bounds how many conversations are looked at.
func (w *where) bound(q *store.Query) {
	open := q.Open || q.PresentUserID != "" || q.PresentQueueID != ""
	if len(q.Status) > 0 && !slices.Contains(q.Status, conversation.StatusEnded) {
		open = true
	}
	if open {
		w.add("calculated_status <> 'Ended'") // there is an index on these
		w.open = true
	}
	if q.Order == store.LastChanged {
		w.changed(q)
	} else {
		w.started(q)
	}
}

func (w *where) changed(q *store.Query) {
	if at := ceiling(q.ChangedSince); at.Valid {
		since := w.param(oidTimestamptz, "timestamptz", at)
		w.add("changed >= " + since)
		w.add("changed_slot >= date_bin(interval '10 minutes', " + since + ", timestamptz 'epoch')") // there is an index on it
	}
}

func (w *where) started(q *store.Query) {
	w.time("conversation_start >=", q.StartedFrom)
	w.time("conversation_start <", q.StartedBefore)
}

func (w *where) time(condition string, t time.Time) {
	if at := ceiling(t); at.Valid {
		w.add(condition + " " + w.param(oidTimestamptz, "timestamptz", at))
	}
}

// filter adds what each conversation is asked.
func (w *where) filter(q *store.Query) {
	if q.Order == store.LastChanged {
		w.started(q)
	} else {
		w.changed(q)
	}
	w.time("conversation_end >=", q.EndedFrom)
	w.time("conversation_end <", q.EndedBefore)
	if len(q.Status) > 0 {
		w.add("calculated_status = any (" + w.param(oidTexts, "text[]", textsOf(named(q.Status))) + ")")
	}
	if len(q.Media) > 0 {
		w.add("exists (select from {session} m where m.conversation_id = c.conversation_id and m.media_type = any (" +
			w.param(oidTexts, "text[]", textsOf(named(q.Media))) + ")" + each + ")")
	}
	if q.Direction != "" {
		w.add("originating_direction = " + w.text(string(q.Direction)))
	}
	if q.PresentUserID != "" {
		w.add(w.text(q.PresentUserID) + " = any (present_user_ids)")
	}
	if q.PresentQueueID != "" {
		w.add(w.text(q.PresentQueueID) + " = any (present_queue_ids)")
	}
}

// each at the end of a subquery of exists has it asked of each conversation: the
// server does not take it apart, to read all that it could be true of first.
const each = " offset 0"

// finder is what a query selects by that has an index of its own.
type finder struct {
	ids   func(w *where) string // selects the ids of all conversations of which it holds
	holds func(w *where) string // asks a conversation c
	// slow: it reads all ids before it returns one, so that it is not asked where
	// many of the conversations that changed last have it.
	slow bool
}

func finders(q *store.Query) (all []finder) {
	if q.EverUserID != "" {
		participants := func(w *where) string {
			return " from {participant} p where p.user_id = " + w.text(q.EverUserID)
		}
		all = append(all, finder{
			func(w *where) string { return "select p.conversation_id" + participants(w) },
			func(w *where) string {
				return "exists (select" + participants(w) + " and p.conversation_id = c.conversation_id" + each + ")"
			},
			false,
		})
	}
	if q.EverQueueID != "" {
		all = append(all, throughQueue(q.EverQueueID))
	}
	if q.Address != "" {
		holds := func(w *where) string { return "customer_address = " + w.text(conversation.Address(q.Address)) } // nobody has the empty one
		all = append(all, finder{func(w *where) string { return "select conversation_id from {conversation} where " + holds(w) }, holds, false})
	}
	if len(q.Attribute) > 0 {
		pairs, err := json.Marshal(q.Attribute)
		if err != nil {
			panic("pgstore: " + err.Error()) // a map of texts
		}
		holds := func(w *where) string {
			return "attributes is not null and attributes @> " + w.param(oidText, "text", textOf(storableJSON(string(pairs)))) + "::jsonb"
		}
		all = append(all, finder{func(w *where) string { return "select conversation_id from {conversation} where " + holds(w) }, holds, true})
	}
	return all
}

func throughQueue(id string) finder {
	participants := func(w *where) string { return " from {participant} p where p.queue_id = " + w.text(id) }
	sessions := func(w *where) string {
		// A flattened session is hidden by another of its participant and medium.
		return " from {session} s where s.queue_id = " + w.text(id) + " and (not s.flattened or not exists (select from {session} t where t.conversation_id = s.conversation_id" +
			" and t.participant_id = s.participant_id and not t.flattened and t.media_type is not distinct from s.media_type))"
	}
	return finder{
		func(w *where) string {
			return "select p.conversation_id" + participants(w) + " union all select s.conversation_id" + sessions(w)
		},
		func(w *where) string {
			return "(exists (select" + participants(w) + " and p.conversation_id = c.conversation_id" + each + ")" +
				" or exists (select" + sessions(w) + " and s.conversation_id = c.conversation_id" + each + "))"
		},
		false,
	}
}

func named[T ~string](values []T) []string {
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = string(v)
	}
	return list
}
