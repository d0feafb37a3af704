package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"sync/atomic"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/store"
)

// atOnce is how many deliveries are decided in one transaction.
const atOnce = 100

const ofChanges = "A change that a Before hook refused can be decided only where the host's hooks are:\n" +
	"in the program that runs the tracker, with Tracker.Retry and Tracker.Skip. Until then\n" +
	"the trackers try it again by themselves, as failed list says."

// decideCommand is failed retry or failed skip.
func decideCommand(verb string) *command {
	does, done := "Tries failed deliveries again, with all their tries: a running tracker begins within about a second", "tried again"
	if verb == "skip" {
		does, done = "Gives failed deliveries up: they count as done, and what waits behind them goes on", "given up"
	}
	return &command{
		name: "failed " + verb, args: "[-yes] [-who NAME] ID… | [-hook NAME] [-type TYPE] [-conversation ID] [-from TIME] [-before TIME] | -all", store: true,
		does: does,
		more: "The ids are those that failed list prints. Without ids the flags select; more than one\n" +
			"is asked about before it is done. Audit lines (who, how many, when), one for each hundred,\n" +
			"go to stderr: keep them.\n" + ofChanges,
		flags: func(f *flag.FlagSet) action {
			d := &deciding{verb: verb, done: done}
			d.chosen.register(f)
			f.BoolVar(&d.all, "all", false, "all that has failed")
			d.account.register(f)
			f.BoolVar(&d.yes, "yes", false, "do not ask")
			return d.do
		},
	}
}

type deciding struct {
	account
	verb, done string
	chosen     selection
	all, yes   bool
}

func (d *deciding) do(ctx context.Context, p *program, ids []string) error {
	if err := d.check(ids); err != nil {
		return err
	}
	if err := d.settle(); err != nil {
		return err
	}
	return p.tracked(ctx, p.audit(), func(t *convtrack.Tracker) error {
		deliveries, changes, err := d.find(ctx, t, ids)
		if err != nil {
			return err
		}
		if len(deliveries) > 1 {
			question := fmt.Sprintf("%s will be %s.", count(len(deliveries), "delivery", "deliveries"), d.done)
			if err := p.confirm(ctx, d.yes, question); err != nil {
				return err
			}
		}
		n, err := d.decide(ctx, p, t, deliveries)
		p.out.say("%s %s", count(n, "delivery", "deliveries"), d.done)
		if changes > 0 {
			p.err.say("%s not touched.", count(changes, "refused change was", "refused changes were"))
			p.err.paragraph(ofChanges)
		}
		switch {
		case err != nil:
			return err
		case n < len(ids)-changes:
			return fmt.Errorf("%d of the ids are of nothing that has failed now: it was decided already, or is an id of something else; see failed list", len(ids)-changes-n)
		case changes > 0:
			return errFound
		}
		return nil
	})
}

func (d *deciding) check(ids []string) error {
	selects := d.all || !d.chosen.none()
	switch {
	case len(ids) > 0 && selects:
		return wrongUsage("give ids or flags that select, not both")
	case len(ids) == 0 && !selects:
		return wrongUsage("give ids, flags that select, or -all")
	case d.all && !d.chosen.none():
		return wrongUsage("-all is everything; leave it out where other flags select")
	}
	for _, id := range ids {
		if _, _, delivery := store.ParseDelivery(id); delivery {
			continue
		}
		if _, change := store.ParseChange(id); !change {
			return wrongUsage("%q is not an id of something that has failed; failed list prints them", id)
		}
	}
	return d.chosen.check()
}

// find returns the ids of the deliveries, and how many refused changes there are
// among what is asked for.
func (d *deciding) find(ctx context.Context, t *convtrack.Tracker, ids []string) (deliveries []string, changes int, err error) {
	take := func(id string) {
		if _, _, delivery := store.ParseDelivery(id); delivery {
			deliveries = append(deliveries, id)
		} else {
			changes++
		}
	}
	for _, id := range ids {
		take(id)
	}
	if len(ids) > 0 {
		return deliveries, changes, nil
	}
	err = d.chosen.each(ctx, t, func(item *store.FailedItem) error {
		take(item.ID)
		return nil
	})
	return deliveries, changes, err
}

// decide returns how many it has decided.
func (d *deciding) decide(ctx context.Context, p *program, t *convtrack.Tracker, ids []string) (n int, err error) {
	do := t.Retry
	if d.verb == "skip" {
		do = t.Skip
	}
	ctx = convtrack.WithActor(ctx, d.who)
	var did atomic.Int64
	defer p.saysHowFar(func() string { return fmt.Sprintf("%d of %d", did.Load(), len(ids)) })()
	for begin := 0; begin < len(ids); begin += atOnce {
		if err := errors.Join(ctx.Err(), p.err.broken()); err != nil { // on stderr are the audit lines
			return n, errors.Join(err, fmt.Errorf("%d of %d were %s", n, len(ids), d.done))
		}
		decided, err := do(ctx, ids[begin:min(begin+atOnce, len(ids))]...)
		n += decided
		if err != nil {
			return n, err
		}
		did.Store(int64(n))
	}
	return n, nil
}
