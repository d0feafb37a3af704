package pgstore

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/internal/cursor"
)

// Prepare lets the store prepare its statements, whatever the pool does.
func (s *Store) Prepare() { s.protocol = preparedProtocol }

// ReadsNoFew has listings look at one conversation after the other, whatever is
// asked for.
func (s *Store) ReadsNoFew() { s.mostFew = 0 }

// TriesAtOnce has the store try to commit each batch at once, however the one
// before it went.
func (s *Store) TriesAtOnce() { s.careful.lasts = 0 }

// EndCare lets the time pass in which batches are committed in two steps.
func (s *Store) EndCare() { s.careful.until = time.Time{} }

// PlanOfDeliverReady is the plan that a commit keeps of the statement that asks
// whether deliveries can go on.
func (s *Store) PlanOfDeliverReady(ctx context.Context) (string, error) {
	return s.planOf(ctx, s.sql().byIndex, s.sql().deliverReady)
}

// PlansByKey are the plans that are kept of the statements that are given the
// keys of deliveries.
func (s *Store) PlansByKey(ctx context.Context) (map[string]string, error) {
	return s.plansOf(ctx, map[string]*statement{"finish": s.sql().finish, "finish at once": s.sql().finishAtOnce, "settle": s.sql().settle, "renew": s.sql().renew})
}

// PlansOfLanes are the plans that are kept of the statements that look at what
// goes before a delivery, or after it.
func (s *Store) PlansOfLanes(ctx context.Context) (map[string]string, error) {
	return s.plansOf(ctx, map[string]*statement{"reopen": s.sql().reopen, "claim": s.sql().claim, "next": s.sql().next, "refresh": s.sql().refresh,
		"enqueue": s.sql().enqueue, "ready": s.sql().ready, "what is claimed": s.sql().claimedLag})
}

// PlansOfInbox are the plans that are kept of the statements of the inbox.
func (s *Store) PlansOfInbox(ctx context.Context) (map[string]string, error) {
	return s.plansOf(ctx, map[string]*statement{"take": s.sql().take, "first page": s.sql().firstPage, "later page": s.sql().laterPage, "latest": s.sql().latest})
}

// PlanOfFailed is the plan of a page behind a place of what has failed.
func (s *Store) PlanOfFailed(ctx context.Context, q store.FailedQuery) (string, error) {
	x, _ := s.failed(&q, cursor.Place{ID: "id", Key: 1}, true, 100)
	return s.planOf(ctx, s.sql().inOrder, x)
}

func (s *Store) plansOf(ctx context.Context, of map[string]*statement) (map[string]string, error) {
	plans := map[string]string{}
	for name, x := range of {
		plan, err := s.planOf(ctx, s.sql().byIndex, x)
		if err != nil {
			return nil, err
		}
		plans[name] = plan
	}
	return plans, nil
}

// Listening reports whether the server tells of deposits.
func (s *Store) Listening() bool { return s.listening.Load() }

func (s *Store) planOf(ctx context.Context, settings, x *statement) (string, error) {
	tx, err := s.pool.Begin(ctx)
	if err != nil {
		return "", err
	}
	defer func() { _ = tx.Rollback(ctx) }()
	given := strings.TrimSuffix(strings.Repeat("null, ", len(x.params)), ", ")
	for _, sql := range []string{settings.sql, "set local plan_cache_mode = force_generic_plan", "prepare it as " + x.sql} {
		if _, err := tx.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol); err != nil {
			return "", err
		}
	}
	found, err := tx.Query(ctx, fmt.Sprintf("explain execute it(%s)", given), pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return "", err
	}
	lines, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err == nil {
		_, err = tx.Exec(ctx, "deallocate it", pgx.QueryExecModeSimpleProtocol)
	}
	return strings.Join(lines, "\n"), err
}
