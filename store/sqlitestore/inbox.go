package sqlitestore

import (
	"context"
	"fmt"
	"slices"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/internal/rows"
)

// inboxStatements are those of the inbox.
type inboxStatements struct {
	deposit, take *statement
	owners        *statement
	first, after  *statement // pages of an owner
	latest        *statement
}

func newInboxStatements(prepare func(string) *statement) inboxStatements {
	table := rows.Inbox.Table()
	page := func(behind string) *statement {
		return prepare("SELECT " + names(table.Columns, "") + " FROM @inbox WHERE owner = ?1" + behind + " ORDER BY heard_at, conversation_id, key LIMIT ?2")
	}
	return inboxStatements{
		deposit: prepare(upsert(table, 1) + " WHERE excluded.heard_at > heard_at"),
		take:    prepare("DELETE FROM @inbox WHERE conversation_id = ? AND key = ? AND heard_at <= ?"),
		// There are few owners, and there may be many entries: each is looked up
		// behind the one before.
		owners: prepare(`WITH RECURSIVE o(owner) AS (SELECT min(owner) FROM @inbox
			UNION ALL SELECT (SELECT min(i.owner) FROM @inbox AS i WHERE i.owner > o.owner) FROM o WHERE o.owner IS NOT NULL)
			SELECT owner FROM o WHERE owner IS NOT NULL`),
		first:  page(""),
		after:  page(" AND heard_at >= ?3 AND (heard_at, conversation_id, key) > (?3, ?4, ?5)"),
		latest: prepare("SELECT count(*), max(heard_at) FROM (SELECT heard_at FROM @inbox WHERE owner = ? ORDER BY heard_at DESC LIMIT 100)"),
	}
}

// Deposit implements store.Store.
func (s *Store) Deposit(ctx context.Context, entries []store.Entry) error {
	leave, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if len(entries) == 0 {
		return nil
	}
	var owners []string
	err = s.write(ctx, func(t *transaction) error {
		for i := range entries {
			e := &entries[i]
			data := e.Data
			if data == nil {
				data = []byte{}
			}
			n, err := t.exec(t.statements.inbox.deposit, e.ConversationID, e.Key, e.Owner, e.At.UnixMicro(), data)
			if err != nil {
				return err
			}
			if n > 0 {
				owners = append(owners, rows.Storable(e.Owner))
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("sqlitestore: deposit: %w", err)
	}
	s.wakes.Wake(owners...)
	return nil
}

// Inbox implements store.Store.
func (s *Store) Inbox(ctx context.Context, q store.InboxQuery) ([]store.Entry, error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	if q.Limit <= 0 {
		return nil, nil
	}
	var after []any
	page := s.statements.inbox.first
	if q.After != (store.EntryKey{}) {
		page, after = s.statements.inbox.after, []any{q.After.At.UnixMicro(), q.After.ConversationID, q.After.Key}
	}
	s.wakes.Read(rows.Storable(q.Owner))
	except := make(map[exactly]bool, len(q.Except))
	for _, k := range q.Except {
		except[exactly{rows.Storable(k.ConversationID), rows.Storable(k.Key), k.At.UnixMicro()}] = true
	}
	var entries []store.Entry
	err = s.readOnce(ctx, func(l *link) error {
		owners, err := s.ownersFor(ctx, l, &q)
		if err != nil {
			return err
		}
		for _, owner := range owners {
			err := l.query(ctx, page, append([]any{owner, q.Limit + len(except)}, after...), func(row []any) error {
				if except[exactly{text(row[0]), text(row[1]), micros(row[3]).Int}] {
					return nil
				}
				entries = append(entries, store.Entry{ConversationID: text(row[0]), Key: text(row[1]), Owner: text(row[2]),
					At: micros(row[3]).Time(), Data: []byte(text(row[4]))})
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("sqlitestore: inbox: %w", err)
	}
	slices.SortFunc(entries, func(a, b store.Entry) int { return a.Name().Compare(b.Name()) })
	return entries[:min(len(entries), q.Limit)], nil
}

// exactly is the name of an entry as the file has it.
type exactly struct {
	conversationID, key string
	heardAt             int64
}

// ownersFor returns the owners whose entries are given to those who ask so.
func (s *Store) ownersFor(ctx context.Context, l *link, q *store.InboxQuery) ([]string, error) {
	asks := rows.Storable(q.Owner)
	alive := make([]string, len(q.Alive))
	for i, owner := range q.Alive {
		alive[i] = rows.Storable(owner)
	}
	var owners []string
	err := l.query(ctx, s.statements.inbox.owners, nil, func(row []any) error {
		if owner := text(row[0]); owner == asks || !slices.Contains(alive, owner) {
			owners = append(owners, owner)
		}
		return nil
	})
	return owners, err
}

// take removes the entries that were not replaced since.
func (t *transaction) take(taken []store.EntryKey) error {
	for _, k := range taken {
		if _, err := t.exec(t.statements.inbox.take, k.ConversationID, k.Key, k.At.UnixMicro()); err != nil {
			return err
		}
	}
	return nil
}
