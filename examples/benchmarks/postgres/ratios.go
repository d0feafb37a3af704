package main

import (
	"context"
	"fmt"
	"io"
)

// variantsOfRatios are all variants of the first table.
func variantsOfRatios() []variant {
	return []variant{
		tracked(), trackedInTurn(),
		byGORM("gorm", true), byGORM("gorm-lean", false), byWatermill(), byRiver(),
		committed("store", 2, 100), committed("store", 4, 100), committed("store", 2, 200),
		byHand("naive", 8, naive), byHand("naive", 32, naive),
		byHand("batch", 8, batched), byHand("batch", 32, batched),
		pgbenchN(8), pgbenchN(32), copied(),
	}
}

// ratios compares the tracker with what does its whole work, and the store
// with what does the store's.
func ratios(ctx context.Context, o *options, s *server, w io.Writer) (missed int, err error) {
	entries, err := enter(ctx, s, o, eachApart(o.chosen(variantsOfRatios())))
	if err != nil {
		return 0, err
	}
	if err := contest(ctx, entries, o); err != nil {
		return 0, err
	}
	fmt.Fprintln(w, "\n## Beside what somebody would use instead")
	writeRates(w, entries, "changes stored each")
	of := func(name string) score { return best(entries, name) }
	missed = writeComparisons(w, []comparison{
		{say: "tracker ÷ gorm", over: of("tracker"), under: of("gorm"), least: 8},
		{say: "tracker ÷ gorm-lean", over: of("tracker"), under: of("gorm-lean")},
		{say: "tracker ÷ watermill, publish and an empty handler", over: of("tracker"), under: of("watermill"), least: 2.5},
		{say: "tracker-in-turn ÷ watermill", over: of("tracker-in-turn"), under: of("watermill")},
		{say: "tracker ÷ river, insert and work", over: of("tracker"), under: of("river"), least: 8},
		{say: "store ÷ naive pgx", over: of("store"), under: of("naive"), least: 5},
		{say: "store ÷ pgx.Batch", over: of("store"), under: of("batch")},
		{say: "store ÷ pgbench -N", over: of("store"), under: of("pgbench"), least: 2},
		{say: fmt.Sprintf("store, updates of %d rows ÷ rows of COPY", rowsOfReference), over: of("store"), under: of("copy"), least: 0.12},
		{say: "tracker ÷ store", over: of("tracker"), under: of("store")},
	})
	return missed, s.clear(ctx)
}
