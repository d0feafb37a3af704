package pgstore

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/internal/rows"
)

// Load implements store.Store. It first asks which of the conversations there
// are: most that a tracker asks for are new.
func (s *Store) Load(ctx context.Context, ids ...string) ([]store.Record, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	records, err := s.load(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("pgstore: load: %w", err)
	}
	return records, nil
}

func (s *Store) load(ctx context.Context, ids []string) ([]store.Record, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var r *reader
	err := s.do(ctx, func(c *pgx.Conn) error {
		r = newReader(s)
		var known, forgotten []string
		var p pipeline
		p.add(s.sql().beginRead)
		p.add(s.sql().byIndex)
		p.read(func(r *row) error {
			if id, digest := r.string(), r.string(); digest == "" {
				known = append(known, id)
			} else {
				forgotten = append(forgotten, digest)
			}
			return nil
		}, s.sql().known, args(textsOf(ids), textsOf(digestsOf(ids)))...)
		p.add(s.sql().commit)
		if err := s.run(ctx, c, &p); err != nil {
			return err
		}
		r.markForgotten(ids, forgotten)
		if len(known) == 0 {
			return nil
		}
		var all pipeline
		all.add(s.sql().beginRead)
		all.add(s.sql().byIndex)
		r.addConversations(&all, known)
		r.addLog(&all, known)
		all.add(s.sql().commit)
		return s.run(ctx, c, &all)
	})
	if err != nil {
		return nil, err
	}
	records := make([]store.Record, len(ids))
	for i, id := range ids {
		records[i] = r.record(id)
	}
	return records, nil
}

func digestsOf(ids []string) []string {
	digests := make([]string, len(ids))
	for i, id := range ids {
		digests[i] = store.Digest(rows.Storable(id))
	}
	return digests
}

// markForgotten makes records for those of the ids that have a tombstone; what is
// stored all the same takes their place.
func (r *reader) markForgotten(ids, digests []string) {
	if len(digests) == 0 {
		return
	}
	for i, d := range digestsOf(ids) {
		if slices.Contains(digests, d) {
			id := rows.Storable(ids[i])
			r.records[id] = &store.Record{ID: id, Forgotten: true}
		}
	}
}

// reader reads records in one snapshot.
type reader struct {
	*Store
	rows    rows.Reader
	records map[string]*store.Record
	values  []rows.Value
}

func newReader(s *Store) *reader { return &reader{Store: s, records: map[string]*store.Record{}} }

// record returns the record; it must not be asked for before all is read. Two
// that ask for the same id share nothing but the conversation.
func (r *reader) record(id string) store.Record {
	found := r.records[rows.Storable(id)]
	if found == nil {
		return store.Record{ID: id}
	}
	if found.Conversation == nil {
		found.Conversation = r.rows.Build(found.ID)
	}
	return rows.Copy(found, id)
}

// conversation returns the conversation alone; nil when it is gone.
func (r *reader) conversation(id string) *conversation.Conversation { return r.rows.Build(id) }

// addConversations adds the reading of conversations and of what is below them.
func (r *reader) addConversations(p *pipeline, ids []string) {
	some := args(textsOf(ids))
	p.read(r.scanConversation, r.sql().read[rows.Conversation], some...)
	for _, e := range rows.Children() {
		p.read(func(row *row) error {
			r.values = row.values(r.values[:0])
			if row.err != nil {
				return row.err
			}
			return r.rows.Add(e, r.values)
		}, r.sql().read[e], some...)
	}
}

func (r *reader) scanConversation(row *row) error {
	table := rows.Conversation.Table()
	r.values = row.values(r.values[:0])
	if row.err != nil {
		return row.err
	}
	v := func(name string) rows.Value { return r.values[table.Place(name)] }
	record := &store.Record{ID: r.values[0].Text, Version: v("version").Int, Vetoed: v("vetoed").Text}
	var err error
	if record.Pending, err = rows.ParsePending(v("pending")); err != nil {
		return fmt.Errorf("conversation %q: the conclusions cannot be read: %w", record.ID, err)
	}
	if record.Refused, err = rows.ParseRefused(v("refused"), v("refused_at"), true); err != nil {
		return fmt.Errorf("conversation %q: the refused change cannot be read: %w", record.ID, err)
	}
	r.records[record.ID] = record
	return r.rows.Conversation(record.ID, r.values[table.Keys+table.Record:])
}

// addLog adds the reading of what is announced and not delivered yet.
func (r *reader) addLog(p *pipeline, ids []string) {
	p.read(func(row *row) error {
		if record := r.records[row.string()]; record != nil {
			record.LastSeq = row.integer()
			record.Announced = append(record.Announced, row.string())
		}
		return nil
	}, r.sql().announced, args(textsOf(ids))...)
	p.read(func(row *row) error {
		if record := r.records[row.string()]; record != nil {
			record.Backlog = append(record.Backlog, row.string())
		}
		return nil
	}, r.sql().backlog, args(textsOf(ids))...)
}
