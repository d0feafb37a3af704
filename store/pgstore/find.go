package pgstore

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/internal/cursor"
	"github.com/dcmkit/convtrack/store/internal/rows"
)

// Find implements store.Store. What the server can tell of an address is whether
// it may be the person's: whose it is, is decided here.
func (s *Store) Find(ctx context.Context, q store.PersonQuery) (store.IDPage, error) {
	if err := s.enter(ctx); err != nil {
		return store.IDPage{}, err
	}
	place, _, ok := cursor.Parse(rows.People, q.After)
	if !ok {
		return store.IDPage{}, fmt.Errorf("pgstore: find: %w: %q", store.ErrCursor, q.After)
	}
	limit := store.PageSize(q.Limit)
	search := candidates(q.Person, place.ID, limit)
	if search == nil {
		return store.IDPage{}, nil
	}
	var ids []string
	err := s.do(ctx, func(c *pgx.Conn) error {
		ids = nil
		var p pipeline
		p.add(s.sql().beginRead)
		p.read(func(r *row) error {
			ids = append(ids, r.string())
			return nil
		}, &statement{sql: newNames(&s.config).Replace(search.sql(limit)), params: search.params}, search.args...)
		p.add(s.sql().commit)
		return s.run(ctx, c, &p)
	})
	if err != nil {
		return store.IDPage{}, fmt.Errorf("pgstore: find: %w", err)
	}
	records, err := s.Load(ctx, ids...)
	if err != nil {
		return store.IDPage{}, err
	}
	return rows.PageOf(q.Person, records, limit), nil
}

// search is the union of parts, each of which selects ids in their order.
type search struct {
	where
	parts []string
}

func (s *search) sql(limit int) string {
	return strings.Join(s.parts, " union ") + ` order by 1 limit ` + strconv.Itoa(limit)
}

// candidates selects the ids of a page that may be the person's, behind an id;
// nil when nobody is asked for.
func candidates(p conversation.Person, after string, limit int) *search {
	s := &search{}
	part := func(from, condition string) {
		s.parts = append(s.parts, "(select distinct conversation_id from {"+from+"} where ("+condition+") and conversation_id > "+s.text(after)+
			" order by conversation_id limit "+strconv.Itoa(limit)+")")
	}
	if p.UserID != "" {
		for _, x := range rows.Users {
			part(x.Of.Table().Name, x.Column+" = "+s.text(p.UserID))
		}
		for _, x := range rows.InMore {
			part(x.Of.Table().Name, "pg_catalog.strpos("+x.Column+"::text, "+s.text(rows.MarkOf(p.UserID))+") > 0")
		}
	}
	if p.ExternalContactID != "" {
		part("participant", "external_contact_id = "+s.text(p.ExternalContactID))
		part("conversation", s.text(p.ExternalContactID)+" = any (external_contact_ids)")
	}
	if mark := p.Mark(); mark != "" {
		for _, x := range rows.Addresses {
			part(x.Of.Table().Name, `pg_catalog.strpos(pg_catalog.translate(pg_catalog.lower(`+x.Column+`::text collate pg_catalog."C"), '`+conversation.Separators+`'::text, ''::text), `+s.text(x.MarkIn(mark))+`) > 0`)
		}
	}
	if len(s.parts) == 0 {
		return nil
	}
	part("conversation", "refused is not null")
	return s
}
