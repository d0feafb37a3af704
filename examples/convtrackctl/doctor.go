package main

import (
	"context"
	"errors"
	"flag"

	"github.com/dcmkit/convtrack/examples/internal/remote"
)

func doctorCommand() *command {
	return &command{
		name: "doctor", args: "[-json] [-topics] [-workers N] [-page URL]", store: true,
		does: "Checks the database, and what the environment names of Genesys Cloud and SQS; each finding has its remedy",
		more: "The variables are those of examples/backend: GENESYS_REGION (or GENESYS_BASE_URL), GENESYS_CLIENT_ID\n" +
			"and GENESYS_CLIENT_SECRET; CONVTRACK_SQS_QUEUE_URL with AWS's own. What is not set is not checked,\n" +
			"and said to be so. A small value is written, to see whether the store takes it;\n" +
			"otherwise nothing is changed. -topics creates a notification channel, which takes one\n" +
			"of the 20 places of the OAuth client for a day. -page reads the page of the client app as browsers get it,\n" +
			"and judges its headers. The exit code is 1 when there is a\n" +
			"problem, or when something in the database could not be read.",
		flags: func(f *flag.FlagSet) action {
			d := &diagnosis{}
			f.BoolVar(&d.json, "json", false, "write a line of JSON for each finding")
			f.BoolVar(&d.topics, "topics", false, "find out, with a channel of its own, whether topics may be heard")
			f.IntVar(&d.workers, "workers", 16, "how many hooks run in transactions at a time in one process, as a `NUMBER`")
			f.StringVar(&d.page, "page", "", "check the client app's page, which browsers reach at this `URL`")
			return d.do
		},
	}
}

// The levels of a finding.
const (
	levelOK      = "ok"
	levelUnknown = "unknown" // it was not, or cannot be, found out
	levelWarning = "warning"
	levelProblem = "problem"
)

// finding is what a check has found out.
type finding struct {
	Check  string `json:"check"`
	Level  string `json:"level"`
	Says   string `json:"says"`
	Remedy string `json:"remedy,omitzero"`
}

// diagnosis is one run of doctor.
type diagnosis struct {
	json, topics bool
	workers      int
	page         string // of the client app
	out          *terminal
	problems     int
	unreadable   bool // something in the store
}

func (d *diagnosis) do(ctx context.Context, p *program, args []string) error {
	if err := none(args); err != nil {
		return err
	}
	if d.workers < 1 {
		return wrongUsage("-workers is %d: give how many hooks run in transactions at a time, 1 or more (Config.BeforeWorkers)", d.workers)
	}
	d.out = p.out
	api, err := remote.API(p.env)
	var queue *remote.Queue
	if err == nil {
		queue, err = remote.SQS(p.env) //nolint:contextcheck // nothing is asked before the queue is read
	}
	if err != nil {
		return wrongUsage("%w", err)
	}
	if _, err := p.address(); err != nil {
		return err
	}
	d.checkStore(ctx, p)
	d.checkGenesys(ctx, api)
	d.checkQueue(ctx, queue)
	d.checkPage(ctx, d.page, api)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case d.problems > 0 || d.unreadable:
		return errFound
	}
	return nil
}

func (d *diagnosis) find(f finding) {
	if f.Level == levelProblem {
		d.problems++
	}
	if d.json {
		_ = d.out.json(f) // texts alone
		return
	}
	d.out.say("%-8s %s: %s", f.Level, f.Check, inLine(f.Says))
	if f.Remedy != "" {
		d.out.say("%8s → %s", "", f.Remedy)
	}
}

func (d *diagnosis) ok(check, says string) { d.find(finding{check, levelOK, says, ""}) }

// failed reports an error as a problem, and whether there is one.
func (d *diagnosis) failed(check string, err error, remedy string) bool {
	if err != nil && !errors.Is(err, context.Canceled) {
		d.find(finding{check, levelProblem, err.Error(), remedy})
	}
	return err != nil
}
