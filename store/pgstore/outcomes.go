package pgstore

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/internal/rows"
)

// lanes are the hooks and conversations whose deliveries have changed, each
// with the event of the delivery.
type lanes struct {
	conversations, hooks []string
	seqs                 []int64
	failed               bool // some may be blocked there
}

// event is a place in the log.
type event struct {
	conversation string
	seq          int64
}

func (l *lanes) add(r *row) error {
	l.conversations, l.hooks, l.seqs = append(l.conversations, r.string()), append(l.hooks, r.string()), append(l.seqs, r.integer())
	l.failed = r.bool() || l.failed
	return nil
}

// has reports whether the delivery of the event to the hook is among them.
func (l *lanes) has(e event, hook string) bool {
	for i := range l.hooks {
		if l.hooks[i] == hook && l.seqs[i] == e.seq && l.conversations[i] == e.conversation {
			return true
		}
	}
	return false
}

// addOutcomes adds the outcomes of the batch. They come after the
// conversations, so that everybody locks in the same order.
func (t *committer) addOutcomes(p *pipeline) {
	if len(t.batch.Outcomes) == 0 {
		return
	}
	type key struct {
		event       event
		hook, owner string
	}
	seen := make(map[key]bool, len(t.batch.Outcomes))
	s := t.statements.finish
	for _, o := range t.batch.Outcomes {
		k := key{event{o.ConversationID, o.Seq}, o.Hook, o.Owner}
		if seen[k] {
			continue // the first one counts
		}
		seen[k] = true
		if o.Did != store.Done {
			s = t.statements.settle
		}
		f := &o.Failure
		t.outcomes = append(t.outcomes, textOf(o.ConversationID), textOf(o.Hook), integerOf(o.Seq), textOf(o.Owner), integerOf(int64(o.Did)), integerOf(o.Wait.Microseconds()),
			integerOf(int64(f.Attempts)), orNull(f.Type), orNull(f.Error), orNull(f.Stack), knownTime(f.At))
	}
	p.read(t.lanes.add, s, argument{of: t.types.outcome, rows: t.outcomes})
}

// addReady adds the question whether one of the lanes can go on.
func (l *lanes) addReady(s *statements, p *pipeline, ready *bool) {
	if len(l.hooks) == 0 {
		return
	}
	x := s.ready
	if l.failed {
		x = s.refresh
	}
	p.read(scanBool(ready), x, l.args()...)
}

func (l *lanes) args() []argument { return args(textsOf(l.conversations), textsOf(l.hooks)) }

func scanBool(to *bool) func(*row) error {
	return func(r *row) error {
		*to = r.bool()
		return nil
	}
}

// Unpark implements store.Store.
func (s *Store) Unpark(ctx context.Context, do store.Unpark, ids ...string) (int, error) {
	if err := s.enter(ctx); err != nil {
		return 0, err
	}
	var events, hooks []string
	for _, id := range ids {
		if event, hook, ok := store.ParseDelivery(id); ok {
			events, hooks = append(events, event), append(hooks, hook)
		}
	}
	if len(events) == 0 {
		return 0, nil
	}
	x := s.sql().retry
	if do == store.Skip {
		x = s.sql().skip
	}
	var changed lanes
	err := s.do(ctx, func(c *pgx.Conn) error {
		changed = lanes{}
		var first, second pipeline
		first.add(s.sql().begin)
		first.add(s.sql().byIndex)
		first.read(changed.add, x, args(textsOf(events), textsOf(hooks))...)
		if err := s.run(ctx, c, &first); err != nil {
			return err
		}
		var ready bool // the caller looks anyway
		changed.addReady(s.sql(), &second, &ready)
		second.add(s.sql().commit)
		return s.run(ctx, c, &second)
	})
	if err != nil {
		return 0, fmt.Errorf("pgstore: unpark: %w", err)
	}
	return len(changed.hooks), nil
}

// Renew implements store.Store.
func (s *Store) Renew(ctx context.Context, owner string, lease time.Duration, held []store.DeliveryKey) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	if len(held) == 0 {
		return nil
	}
	err := s.transact(ctx, func(known *catalog, p *pipeline) {
		of := known.types.delivery
		named := make([]rows.Value, 0, len(held)*len(of.columns))
		for _, key := range held {
			named = append(named, textOf(key.ConversationID), textOf(key.Hook), integerOf(key.Seq), rows.Value{}, rows.Value{})
		}
		p.add(known.statements.renew, append([]argument{{of: of, rows: named}}, args(textOf(owner), integerOf(lease.Microseconds()))...)...)
	})
	if err != nil {
		return fmt.Errorf("pgstore: renew: %w", err)
	}
	return nil
}

// Release implements store.Store.
func (s *Store) Release(ctx context.Context, owner string) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	err := s.transact(ctx, func(known *catalog, p *pipeline) { p.add(known.statements.release, args(textOf(owner))...) })
	if err != nil {
		return fmt.Errorf("pgstore: release: %w", err)
	}
	return nil
}
