package polling

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/dcmkit/convtrack/genesys"
)

// TestEachTimeIsReadOrLostOnceUnlessEverythingIsRefused is the law of asking in
// pieces, over platforms that refuse some times for good.
func TestEachTimeIsReadOrLostOnceUnlessEverythingIsRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole := drawInterval(t)
		var bad []interval
		for range rapid.IntRange(0, 3).Draw(t, "refused times") {
			from := whole.from.Add(time.Duration(rapid.Float64Range(0.1, 0.8).Draw(t, "where") * float64(whole.to.Sub(whole.from))))
			bad = append(bad, interval{from, from.Add(time.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(t, "length")))})
		}
		refusal := &genesys.APIError{Status: http.StatusBadRequest}
		var read, lost []interval
		reached := whole.from
		asked := map[interval]bool{}
		p := pieces{
			end:    func(from time.Time) time.Time { return from.Truncate(day).Add(day) },
			losses: newLosses(), failing: newOutliers(lostAfter),
			ask: func(_ context.Context, i interval) error {
				for _, b := range bad {
					if b.overlaps(i) {
						require.False(t, asked[i], "%v was refused", i)
						asked[i] = true
						return fmt.Errorf("wrapped: %w", refusal)
					}
				}
				read = append(read, i)
				return nil
			},
			done: func(_ context.Context, to time.Time) {
				require.False(t, to.Before(reached), "the position never goes back")
				reached = to
				require.False(t, covered(slices.Concat(read, lost), whole.from).Before(to), "what is lost is announced before the position passes it")
			},
			lost: func(_ context.Context, i interval, err error) error {
				require.ErrorIs(t, err, refusal)
				require.False(t, len(lost) > 0 && i.from.Equal(lost[len(lost)-1].to), "what is lost in one stretch is one loss")
				lost = append(lost, i)
				return nil
			},
		}
		if err := p.read(t.Context(), whole); err != nil {
			require.NotEmpty(t, bad)
			require.ErrorIs(t, err, refusal)
			if len(read) == 0 {
				require.Empty(t, lost, "nothing is lost while nothing is answered")
			}
			return
		}
		require.True(t, reached.Equal(whole.to))
		require.False(t, covered(slices.Concat(read, lost), whole.from).Before(whole.to), "each time is read or lost")
		for _, i := range lost {
			for at := i.from; at.Before(i.to); at = at.Add(whole.smallest()) {
				near := interval{at.Add(-2 * whole.smallest()), at.Add(2 * whole.smallest())}
				require.True(t, slices.ContainsFunc(bad, near.overlaps), "%v in %v was not refused", at, i)
			}
		}
	})
}

// What takes the platform too long in one piece it may answer in smaller ones. Nothing
// is lost by it: it may be faster tomorrow.
func TestATimeThatTakesThePlatformTooLongIsReadInSmallerPieces(t *testing.T) {
	late := &genesys.APIError{Status: http.StatusGatewayTimeout}
	whole := interval{time.Unix(0, 0), time.Unix(0, 0).Add(2 * day)}
	for longest, all := range map[time.Duration]bool{3 * time.Hour: true, 10 * time.Minute: true, time.Minute: false} {
		var read []interval
		p := pieces{
			end:    func(from time.Time) time.Time { return from.Truncate(day).Add(day) },
			losses: newLosses(), failing: newOutliers(lostAfter),
			ask: func(_ context.Context, i interval) error {
				if i.to.Sub(i.from) > longest {
					return late
				}
				read = append(read, i)
				return nil
			},
			lost: func(context.Context, interval, error) error { panic("a loss") },
		}
		err := p.read(t.Context(), whole)
		require.Equal(t, all, err == nil, longest)
		require.Equal(t, all, covered(read, whole.from).Equal(whole.to), longest)
	}
}

// What the platform fails on is lost when that has lasted, what follows it at once, and
// nothing while all that is newer fails, too: then there is nothing to go on with.
func TestWhatThePlatformFailsOnIsLostOnlyWhereItAnswersAboutWhatIsNewer(t *testing.T) {
	begin := time.Unix(0, 0)
	for name, is := range map[string]struct{ bad, lost interval }{
		"some minutes":           {bad: interval{begin.Add(70 * time.Minute), begin.Add(79 * time.Minute)}, lost: interval{begin.Add(70 * time.Minute), begin.Add(79 * time.Minute)}},
		"everything since then":  {bad: interval{begin.Add(70 * time.Minute), begin.Add(1000 * time.Hour)}},
		"everything before then": {bad: interval{begin, begin.Add(time.Minute)}, lost: interval{begin, begin.Add(time.Minute)}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var lost []interval
				reached, began := begin, time.Now()
				failing := newOutliers(lostAfter)
				for time.Since(began) < 2*lostAfter {
					p := pieces{
						what: "something", losses: newLosses(), failing: failing,
						end: func(from time.Time) time.Time { return from.Truncate(day).Add(day) },
						ask: func(_ context.Context, i interval) error {
							if i.overlaps(is.bad) {
								return &genesys.APIError{Status: http.StatusInternalServerError}
							}
							return nil
						},
						done: func(_ context.Context, to time.Time) { reached = to },
						lost: func(_ context.Context, i interval, _ error) error {
							require.GreaterOrEqual(t, time.Since(began), lostAfter)
							lost = append(lost, i)
							return nil
						},
					}
					whole := interval{reached, begin.Add(2*time.Hour + time.Since(began))}
					err := p.read(t.Context(), whole)
					require.Equal(t, err == nil, whole.to.Equal(reached))
					time.Sleep(time.Minute)
				}
				if is.lost.empty() {
					require.Empty(t, lost)
					return
				}
				require.Equal(t, []interval{is.lost}, lost)
				require.WithinDuration(t, begin.Add(2*time.Hour+time.Since(began)), reached, 2*time.Minute)
			})
		})
	}
}

// TestThatAllOfSomethingElseFailsDoesNotPutOffALoss: jobs and queries are counted in one
// place, and all jobs may fail while one minute of the queries does.
func TestThatAllOfSomethingElseFailsDoesNotPutOffALoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin, failing := time.Unix(0, 0), newOutliers(lostAfter)
		whole, bad := interval{begin, begin.Add(2 * time.Hour)}, interval{begin.Add(time.Hour), begin.Add(61 * time.Minute)}
		var lost []interval
		read := func(what string, fails interval) error {
			p := pieces{
				what: what, losses: newLosses(), failing: failing,
				end: func(from time.Time) time.Time { return from.Add(day) },
				ask: func(_ context.Context, i interval) error {
					if i.overlaps(fails) {
						return &genesys.APIError{Status: http.StatusInternalServerError}
					}
					return nil
				},
				lost: func(_ context.Context, i interval, _ error) error { lost = append(lost, i); return nil },
			}
			return p.read(t.Context(), whole)
		}
		for range 10 {
			require.Error(t, read("queries", bad))
			require.Error(t, read("jobs", whole))
			time.Sleep(time.Minute)
		}
		require.NoError(t, read("queries", bad))
		require.Equal(t, []interval{bad}, lost)
	})
}

// covered returns the end of what the intervals cover without a gap since from.
func covered(list []interval, from time.Time) time.Time {
	slices.SortFunc(list, func(a, b interval) int { return a.from.Compare(b.from) })
	for _, i := range list {
		if !i.from.After(from) && i.to.After(from) {
			from = i.to
		}
	}
	return from
}
