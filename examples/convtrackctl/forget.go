package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
)

func forgetCommand() *command {
	return &command{
		name: "forget", args: "[-yes] [-who NAME] ID… | -person KIND=VALUE", store: true,
		does: "Deletes conversations for good, and keeps what is heard of them later out",
		more: "It asks before it deletes. With - in place of an id, ids are read from the input, one a\n" +
			"line. Running trackers are told, and let go of what they have in memory: one that does\n" +
			"not answer is waited for, 40 s at most. What hooks have written elsewhere stays.\n" +
			"A person is " + personHelp + "\n" +
			"They are deleted by the thousand; an interrupt ends it between two of them, and those that\n" +
			"were deleted stay deleted. Of a person it says then which are left. Audit lines (who, how\n" +
			"many, when), one for each thousand, go to stderr: keep them.",
		flags: func(f *flag.FlagSet) action {
			var o forgetting
			o.person.register(f)
			f.BoolVar(&o.yes, "yes", false, "do not ask")
			o.account.register(f)
			return o.do
		},
	}
}

// forgottenAtOnce is how many conversations are forgotten in one call, for which
// all running trackers are waited for.
const forgottenAtOnce = 1000

type forgetting struct {
	account
	person people
	yes    bool
}

func (o *forgetting) do(ctx context.Context, p *program, ids []string) error {
	fromInput := slices.Contains(ids, "-")
	switch {
	case len(ids) > 0 && !o.person.none():
		return wrongUsage("give ids or -person, not both")
	case len(ids) == 0 && o.person.none():
		return wrongUsage("give the ids of conversations, or -person")
	case slices.Contains(ids, ""):
		return wrongUsage("an id is empty; nothing was deleted")
	case fromInput && len(ids) > 1:
		return wrongUsage("- stands for all ids; give no others beside it")
	case (fromInput || o.person.asked != "") && !o.yes:
		return wrongUsage("-yes is needed where the input is read: the question could not be answered")
	}
	if err := o.settle(); err != nil {
		return err
	}
	person, err := o.person.read(p)
	if err != nil {
		return err
	}
	if fromInput {
		if ids, err = readIDs(p); err != nil {
			return err
		}
	}
	return p.tracked(ctx, p.audit(), func(t *convtrack.Tracker) error {
		if !person.IsZero() {
			found, err := collect(ctx, p, t, person)
			if err != nil {
				return err
			}
			ids = found
		}
		if len(ids) == 0 {
			p.out.say("the person took part in no conversation that is stored; nothing was deleted")
			return nil
		}
		return o.forget(ctx, p, t, ids)
	})
}

func collect(ctx context.Context, p *program, t *convtrack.Tracker, person conversation.Person) (ids []string, err error) {
	var found atomic.Int64
	defer p.saysHowFar(func() string {
		return fmt.Sprintf("looking for the conversations of the person, %d found so far", found.Load())
	})()
	for id, err := range t.Find(ctx, person) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
		found.Add(1)
	}
	return ids, nil
}

func (o *forgetting) forget(ctx context.Context, p *program, t *convtrack.Tracker, ids []string) error {
	if err := p.confirm(ctx, o.yes, count(len(ids), "conversation", "conversations")+" will be deleted for good, on behalf of "+o.who+"."); err != nil {
		return err
	}
	ctx = convtrack.WithActor(ctx, o.who)
	stored, done := 0, atomic.Int64{}
	defer p.saysHowFar(func() string { return fmt.Sprintf("%d of %d", done.Load(), len(ids)) })()
	for n := 0; n < len(ids); n += forgottenAtOnce {
		var err error
		if err = errors.Join(ctx.Err(), p.err.broken()); err == nil { // on stderr are the audit lines
			var forgotten int
			forgotten, err = t.Forget(ctx, ids[n:min(n+forgottenAtOnce, len(ids))]...)
			stored += forgotten
		}
		if err != nil {
			p.err.say("%d of %d were forgotten, %d of which stored; run it again for the others", n, len(ids), stored)
			if !o.person.none() {
				p.err.say("what is deleted is not found any more, so give the others by their ids, which follow on stdout: convtrackctl forget -yes -")
				for _, id := range ids[n:] {
					p.out.say("%s", id)
				}
			}
			return fmt.Errorf("not everything was deleted: %w", err)
		}
		done.Store(int64(min(n+forgottenAtOnce, len(ids))))
	}
	p.out.say("%s forgotten, %d of which stored", count(len(ids), "conversation was", "conversations were"), stored)
	return nil
}

// readIDs reads ids from the input, one a line.
func readIDs(p *program) (ids []string, err error) {
	lines := bufio.NewScanner(p.in)
	for lines.Scan() {
		if id := strings.TrimSpace(lines.Text()); id != "" {
			ids = append(ids, id)
		}
	}
	if lines.Err() != nil {
		return nil, fmt.Errorf("the input cannot be read: %w", lines.Err())
	}
	if ids == nil {
		return nil, errors.New("the input holds no ids; nothing was deleted")
	}
	return ids, nil
}
