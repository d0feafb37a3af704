package storetest

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/memstore"
)

func TestFaultyWithoutPlanHoldsTheContract(t *testing.T) {
	Run(t, Harness{Open: func(testing.TB) store.Store { return Faulty(newSound()) }})
}

func load(s store.Store) error {
	_, err := s.Load(context.Background(), "c")
	return err
}

func TestFaultFailsTheNthCallOfItsMethod(t *testing.T) {
	broken := errors.New("broken")
	s := Faulty(memstore.New(), Fault{Method: "Load", Nth: 2, Times: 2, Err: broken})
	_, _, err := s.Value(t.Context(), "cursor")
	require.NoError(t, err, "another method does not count")
	for _, want := range []error{nil, broken, broken, nil, nil} {
		require.Equal(t, want, load(s))
	}
}

func TestFaultWithoutNumbersFailsAllCalls(t *testing.T) {
	s := Faulty(memstore.New(), Fault{Method: "Load"})
	for range 3 {
		require.ErrorIs(t, load(s), ErrFault)
	}
	require.NoError(t, s.Close())
}

func TestFaultWithoutMethodFailsAllButClose(t *testing.T) {
	s := Faulty(newSound(), Fault{})
	for method, err := range everyMethod(t.Context(), s, store.Record{ID: "c"}) {
		require.ErrorIs(t, err, ErrFault, method)
	}
	require.NoError(t, s.Close())
	require.ErrorIs(t, Faulty(memstore.New(), Fault{Method: "Close"}).Close(), ErrFault)
}

func TestFirstFaultOfThePlanStrikes(t *testing.T) {
	first, second := errors.New("first"), errors.New("second")
	s := Faulty(memstore.New(), Fault{Nth: 2, Times: 1, Err: first}, Fault{Method: "Load", Times: 3, Err: second})
	for _, want := range []error{second, first, second, nil} {
		require.Equal(t, want, load(s))
	}
}

func TestFaultBeforeTheStoreWritesNothing(t *testing.T) {
	s := Faulty(memstore.New(), Fault{Method: "Commit", Times: 1})
	done, err := s.Commit(t.Context(), store.Batch{Changes: []*store.Change{created("c")}})
	require.ErrorIs(t, err, ErrFault)
	require.Zero(t, done)
	records, err := s.Load(t.Context(), "c")
	require.NoError(t, err)
	require.Zero(t, records[0].Version)
}

func TestLateFaultLosesOnlyTheAnswer(t *testing.T) {
	s := Faulty(memstore.New(), Fault{Method: "Commit", Times: 1, Late: true})
	done, err := s.Commit(t.Context(), store.Batch{Changes: []*store.Change{created("c")}})
	require.ErrorIs(t, err, ErrFault)
	require.Zero(t, done)
	records, err := s.Load(t.Context(), "c")
	require.NoError(t, err)
	require.NotZero(t, records[0].Version)
}

func TestConflictIsTheResultOfEachChange(t *testing.T) {
	s := Faulty(memstore.New(), Fault{Method: "Commit", Nth: 2, Times: 1, Err: store.ErrConflict})
	c := created("c", event("c", 1, "hook"))
	_, err := s.Commit(t.Context(), store.Batch{Changes: []*store.Change{c}})
	require.NoError(t, err)
	due, _, err := s.Claim(t.Context(), store.Claim{Owner: "me", Lease: long, Hooks: []string{"hook"}, Limit: 1})
	require.NoError(t, err)

	done, err := s.Commit(t.Context(), store.Batch{Changes: []*store.Change{created("d"), created("e")}, Outcomes: []store.Outcome{did("me", due[0], store.Done)}})
	require.NoError(t, err)
	require.Equal(t, []store.Result{{Err: store.ErrConflict}, {Err: store.ErrConflict}}, done.Results)
	records, err := s.Load(t.Context(), "c", "d")
	require.NoError(t, err)
	require.Empty(t, records[0].Backlog, "the outcome is recorded")
	require.Zero(t, records[1].Version, "the change is not written")
}

func TestFaultHangsUntilTheContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := Faulty(memstore.New(), Fault{Method: "Load", Hangs: true})
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		begin := time.Now()
		_, err := s.Load(ctx, "c")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Hour, time.Since(begin))
	})
}

func TestSlowFaultOnlyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := Faulty(memstore.New(), Fault{Method: "Load", Slow: time.Minute}, Fault{Method: "Value", Slow: time.Minute, Err: ErrFault})
		begin := time.Now()
		require.NoError(t, load(s))
		require.Equal(t, time.Minute, time.Since(begin))
		_, _, err := s.Value(t.Context(), "cursor")
		require.ErrorIs(t, err, ErrFault)
		require.Equal(t, 2*time.Minute, time.Since(begin))

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = s.Load(ctx, "c")
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestFaultyRefusesAPlanThatCannotBe(t *testing.T) {
	require.Panics(t, func() { Faulty(memstore.New(), Fault{Method: "Comit"}) })
	require.Panics(t, func() { Faulty(memstore.New(), Fault{Method: "Close", Hangs: true}) })
}
