package main

import (
	"context"
	"errors"
	"flag"
	"time"

	"github.com/dcmkit/convtrack/examples/internal/duration"
	"github.com/dcmkit/convtrack/examples/internal/stores"
	"github.com/dcmkit/convtrack/store"
)

const (
	// overlap is how long a transaction may take and its events are still seen.
	overlap = 10 * time.Second
	// lookBack is how long before the start a conversation may have changed last
	// for it to be known from the start what of it is new.
	lookBack = time.Hour
)

func tailCommand() *command {
	return &command{
		name: "tail", args: "[-json] [-every DURATION]", store: true,
		does: "Prints events as they are announced, until it is interrupted",
		more: "It asks the store again and again for what has changed. Between, a connection of its own\n" +
			"stays open, on which nothing runs and nothing is locked.\n" +
			"Of a conversation that had not changed for an hour when it began, it shows what happened\n" +
			"since, but not what is announced late of an earlier time: open shows that.\n" +
			"Nothing personal is printed: ids, times, kinds.",
		flags: func(f *flag.FlagSet) action {
			asJSON := f.Bool("json", false, "write a line of JSON for each event")
			var every time.Duration
			duration.Var(f, &every, "every", time.Second, "how often to ask, as a `DURATION`")
			return func(ctx context.Context, p *program, args []string) (err error) {
				if err := none(args); err != nil {
					return err
				}
				if every < 50*time.Millisecond {
					return wrongUsage("-every is %v; it must be at least 50ms", every)
				}
				s, err := p.open(ctx)
				if err != nil {
					return err
				}
				defer func() { err = errors.Join(err, s.Close()) }()
				t := &tailing{store: s, json: *asJSON, out: p.out, seen: map[string]int64{}}
				return t.follow(ctx, every)
			}
		},
	}
}

// tailing follows a store.
type tailing struct {
	store *stores.Store
	json  bool
	out   *terminal
	began time.Time        // by the clock of the store
	seen  map[string]int64 // the last event that is known, of each conversation
}

func (t *tailing) follow(ctx context.Context, every time.Duration) error {
	clock, err := now(ctx, t.store)
	if err != nil {
		return err
	}
	skew := time.Until(clock)
	t.began = clock
	if err := t.look(ctx, clock.Add(-lookBack), false); err != nil {
		return err
	}
	for last := clock; ; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(every):
		}
		asked := time.Now().Add(skew)
		if err := t.look(ctx, last.Add(-overlap), true); err != nil {
			return err
		}
		if t.out.failed != nil {
			return t.out.failed
		}
		last = asked
	}
}

// look looks at what has changed since.
func (t *tailing) look(ctx context.Context, since time.Time, show bool) error {
	q := store.Query{ChangedSince: since, Order: store.LastChanged}
	for {
		page, err := t.store.List(ctx, q)
		if err != nil {
			return err
		}
		ids := make([]string, len(page.Conversations))
		for i, c := range page.Conversations {
			ids[i] = c.ID
		}
		if len(ids) > 0 {
			if err := t.compare(ctx, ids, show); err != nil {
				return err
			}
		}
		if q.After = page.Next; q.After == "" {
			return nil
		}
	}
}

// compare shows what of the conversations is new.
func (t *tailing) compare(ctx context.Context, ids []string, show bool) error {
	records, err := t.store.Load(ctx, ids...)
	if err != nil {
		return err
	}
	for i := range records {
		r := &records[i]
		known, met := t.seen[r.ID]
		if !show || r.LastSeq <= known {
			t.seen[r.ID] = max(known, r.LastSeq)
			continue
		}
		if t.seen[r.ID], err = t.show(ctx, r, known, !met && r.Version > 1); err != nil {
			return err
		}
	}
	return nil
}

// show writes the events of a conversation after a sequence number, and returns
// that of the last one. Of one that was there before, unknown, those are new that
// happened since this began.
func (t *tailing) show(ctx context.Context, r *store.Record, after int64, old bool) (last int64, err error) {
	log, err := t.store.Events(ctx, r.ID)
	if errors.Is(err, store.ErrNotFound) {
		return after, nil // it was forgotten meanwhile
	}
	last = after
	for _, e := range log {
		if e.Seq <= after {
			continue
		}
		last = e.Seq
		if old && e.Time.Before(t.began) {
			continue
		}
		if err := t.write(&e); err != nil {
			return last, err
		}
	}
	return last, err
}

func (t *tailing) write(e *store.LoggedEvent) error {
	if !t.json {
		t.out.say("%s  %s  %-24s %s", at(e.Time), e.ConversationID, e.Type, about(e.Data))
		return nil
	}
	return t.out.json(struct {
		ConversationID string    `json:"conversationId"`
		Seq            int64     `json:"seq"`
		Time           time.Time `json:"time,omitzero"`
		Type           string    `json:"type"`
		ID             string    `json:"id"`
		Vetoed         bool      `json:"vetoed,omitzero"`
	}{e.ConversationID, e.Seq, e.Time, e.Type, e.ID, e.Vetoed})
}

// now is the time by the clock of the store.
func now(ctx context.Context, s *stores.Store) (t time.Time, err error) {
	if s.Pool == nil {
		return time.Now(), nil
	}
	err = s.Pool.QueryRow(ctx, "select clock_timestamp()").Scan(&t)
	return t, err
}
