package main

import (
	"context"
	"fmt"
	"io"
)

// variantsOfSQS are all that read a queue.
func variantsOfSQS() []variant {
	return []variant{
		byQueue(),
		consumedByGORM(),
		byWatermillSQS("watermill-sqs", "as it comes", 1, 1, savedByGORM), byWatermillSQS("watermill-sqs", "8 subscriptions of 10", 8, 10, savedByGORM),
		byWatermillSQS("watermill-sqs-tracker", "as it comes", 1, 1, observedByTracker), byWatermillSQS("watermill-sqs-tracker", "8 subscriptions of 10", 8, 10, observedByTracker),
		drained(),
	}
}

// throughSQS compares the whole way from a queue to an After hook with what
// somebody would write or use instead.
func throughSQS(ctx context.Context, o *options, s *server, w io.Writer) (missed int, err error) {
	entries, err := enter(ctx, s, o, eachApart(o.chosen(variantsOfSQS())))
	if err != nil {
		return 0, err
	}
	if err := contest(ctx, entries, o); err != nil {
		return 0, err
	}
	fmt.Fprintln(w, "\n## From an SQS queue to an After hook")
	writeRates(w, entries, "")
	of := func(name string) score { return best(entries, name) }
	missed = writeComparisons(w, []comparison{
		{say: "queue ÷ a consumer by hand with GORM", over: of("queue"), under: of("gorm-sqs"), least: 5},
		{say: "queue ÷ watermill, with the handler of that consumer", over: of("queue"), under: of("watermill-sqs"), least: 3},
		{say: "queue ÷ watermill, with a handler that observes into the tracker", over: of("queue"), under: of("watermill-sqs-tracker")},
		{say: "emulator alone ÷ queue", over: of("emulator"), under: of("queue"), least: 1.5},
	})
	return missed, s.clear(ctx)
}
