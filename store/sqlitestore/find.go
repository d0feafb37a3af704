package sqlitestore

import (
	"context"
	"fmt"
	"strings"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/internal/cursor"
	"github.com/dcmkit/convtrack/store/internal/rows"
)

// Find implements store.Store. What the file can tell of an address is whether
// it may be the person's: whose it is, is decided here.
func (s *Store) Find(ctx context.Context, q store.PersonQuery) (store.IDPage, error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return store.IDPage{}, err
	}
	defer leave()
	place, _, ok := cursor.Parse(rows.People, q.After)
	if !ok {
		return store.IDPage{}, fmt.Errorf("%w: %q", store.ErrCursor, q.After)
	}
	limit := store.PageSize(q.Limit)
	var ids []string
	err = s.readOnce(ctx, func(l *link) error {
		text, args := s.candidates(q.Person, place.ID, limit)
		if text == "" {
			return nil
		}
		return l.queryText(ctx, text, args, func(row []any) error {
			ids = append(ids, row[0].(string))
			return nil
		})
	})
	if err != nil {
		return store.IDPage{}, fmt.Errorf("sqlitestore: find: %w", err)
	}
	records, err := s.Load(ctx, ids...)
	if err != nil {
		return store.IDPage{}, err
	}
	return rows.PageOf(q.Person, records, limit), nil
}

// candidates selects the ids of a page that may be the person's, behind an id;
// empty when nobody is asked for.
func (s *Store) candidates(p conversation.Person, after string, limit int) (sql string, args []any) {
	var parts []string
	part := func(from, condition string, values ...any) {
		parts = append(parts, "SELECT * FROM (SELECT DISTINCT conversation_id FROM @"+from+" WHERE ("+condition+") AND conversation_id > ? ORDER BY conversation_id LIMIT ?)")
		args = append(args, values...)
		args = append(args, after, limit)
	}
	if p.UserID != "" {
		for _, x := range rows.Users {
			part(x.Of.Table().Name, x.Column+" = ?", p.UserID)
		}
		for _, x := range rows.InMore {
			part(x.Of.Table().Name, "instr("+x.Column+", ?) > 0", rows.MarkOf(p.UserID))
		}
	}
	if p.ExternalContactID != "" {
		part("participant", "external_contact_id = ?", p.ExternalContactID)
		part("conversation", "EXISTS (SELECT 1 FROM json_each(external_contact_ids) AS x WHERE x.value = ?)", p.ExternalContactID)
	}
	if mark := p.Mark(); mark != "" {
		for _, x := range rows.Addresses {
			plain := "lower(" + x.Column + ")"
			for _, r := range conversation.Separators {
				plain = "replace(" + plain + ", '" + string(r) + "', '')"
			}
			part(x.Of.Table().Name, "instr("+plain+", ?) > 0", x.MarkIn(mark))
		}
	}
	if len(parts) == 0 {
		return "", nil
	}
	part("conversation", "refused IS NOT NULL")
	return strings.ReplaceAll(strings.Join(parts, " UNION ")+" ORDER BY 1 LIMIT ?", "@", s.config.Prefix), append(args, limit)
}
