package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/dcmkit/convtrack/examples/convtrackctl/observe"
	"github.com/dcmkit/convtrack/examples/internal/duration"
	"github.com/dcmkit/convtrack/examples/internal/remote"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/eventbridge"
	"github.com/dcmkit/convtrack/genesys/rest"
)

func observeCommand() *command {
	return &command{
		name: "observe", args: "[-for DURATION] [-json] [-grace DURATION] [-take]",
		does: "Listens to an organisation, compares what its mechanisms say of the same conversations, and says what was seen of what is not known",
		more: "The variables are those of examples/backend: GENESYS_REGION (or GENESYS_BASE_URL), GENESYS_CLIENT_ID\n" +
			"and GENESYS_CLIENT_SECRET for the WebSocket and polling; CONVTRACK_SQS_QUEUE_URL with AWS's own for\n" +
			"EventBridge. It reports how late each mechanism is, what one told and another did not, and fields that\n" +
			"contradict each other; and for each fact that genesys/PROTOCOL.md is not sure of whether it was seen,\n" +
			"contradicted, or not seen. Ctrl-C ends it early, with a report of what there is.\n" +
			"\n" +
			"The report has no ids, names, addresses or values, so that it can be handed on. What is heard is kept in\n" +
			"memory, and no store is touched. It takes places among the 20 channels of the OAuth client for a day, and\n" +
			"up to half of its rate limit: an OAuth client of its own disturbs nobody. A queue is read only with\n" +
			"-take, as who reads a message takes it away from all others: give it a queue of its own.",
		flags: func(f *flag.FlagSet) action {
			w := &watching{}
			duration.Var(f, &w.length, "for", 10*time.Minute, "how long to listen, as a `DURATION`")
			duration.Var(f, &w.grace, "grace", time.Minute, "who has not told what happened less than this `DURATION` before the end has lost nothing yet")
			f.BoolVar(&w.take, "take", false, "read the queue, and delete what was read")
			f.BoolVar(&w.json, "json", false, "write the report as JSON")
			return w.do
		},
	}
}

// watching is one run of observe.
type watching struct {
	length, grace time.Duration
	take, json    bool
}

func (w *watching) do(ctx context.Context, p *program, args []string) error {
	if err := none(args); err != nil {
		return err
	}
	if w.length <= 0 || w.grace < 0 {
		return wrongUsage("-for must be positive, and -grace must not be negative")
	}
	if w.length <= w.grace {
		return wrongUsage("-for is %v and -grace %v: what happens less than -grace before the end is not judged, so nothing would be; listen for longer, or give a shorter -grace", w.length, w.grace)
	}
	c := &observe.Config{For: w.length, Grace: w.grace, Logger: slog.New(slog.DiscardHandler), Every: progressEvery}
	api, err := remote.API(p.env)
	if err != nil {
		return wrongUsage("%w", err)
	}
	queue, err := remote.SQS(p.env) //nolint:contextcheck // nothing is asked before the queue is read
	if err != nil {
		return wrongUsage("%w", err)
	}
	switch {
	case queue != nil && w.take:
		c.Queue = func(how *eventbridge.QueueConfig) (*eventbridge.Queue, error) { //nolint:contextcheck // nothing is asked before the source runs
			return eventbridge.NewQueue(queue.Client, queue.URL, how)
		}
	case queue != nil:
		p.err.say("The queue is not read, as its messages would be taken from who else reads it; -take reads it.")
	}
	if api != nil {
		api.Logger = c.Logger
		client, err := rest.New(*api)
		if err != nil {
			return err
		}
		defer client.Close()
		c.API = client
		if c.WithoutSocket, err = tooManyChannels(ctx, client); err != nil {
			return err
		}
		if c.WithoutSocket {
			p.err.say("The OAuth client has more than %d channels already, so nothing is heard over the WebSocket: each further one could take the place of one in use.", mostChannels)
		}
	}
	if c.API == nil && c.Queue == nil {
		return wrongUsage("there is nothing to listen to: set GENESYS_REGION, GENESYS_CLIENT_ID and GENESYS_CLIENT_SECRET, or CONVTRACK_SQS_QUEUE_URL with -take")
	}
	began := time.Now()
	c.Failed = func(err error) { p.err.say("%s; the others go on", inLine(err.Error())) }
	c.Progress = func(o *observe.Observer) { p.progress(o, time.Since(began), w.length) }
	p.err.say("Listening for %s. Ctrl-C ends it early, with a report.", w.length)
	report, err := observe.Listen(ctx, c)
	if err != nil {
		return err
	}
	if w.json {
		return p.out.json(report)
	}
	p.report(report)
	return nil
}

// tooManyChannels reports whether there is no room for the channels of a listener.
func tooManyChannels(ctx context.Context, client *rest.Client) (bool, error) {
	var listed struct {
		Entities []json.RawMessage `json:"entities"`
	}
	err := call(ctx, client, genesys.Request{Path: channelsPath, Query: url.Values{"includechannels": {"oauthclient"}}}, &listed)
	return len(listed.Entities) > mostChannels, err
}

func (p *program) progress(o *observe.Observer, since, of time.Duration) {
	conversations, messages := o.Progress()
	line := fmt.Sprintf("%s of %s: %s", since.Round(time.Second), of, count(conversations, "conversation", "conversations"))
	for _, m := range observe.Mechanisms() {
		if n := messages[m]; n > 0 {
			line += fmt.Sprintf(", %d %s", n, m)
		}
	}
	p.err.say("%s", line)
}

// report writes a report for people.
func (p *program) report(r *observe.Report) {
	p.out.say("%s, observed for %s on %s", count(r.Conversations, "conversation", "conversations"), r.Took, r.Began)
	p.out.say("")
	p.out.say("%-14s %10s %14s %12s %12s %12s  %s", "MECHANISM", "MESSAGES", "CONVERSATIONS", "LAG: LEAST", "MEDIAN", "99 %", "BLIND")
	for _, m := range r.Mechanisms {
		least, median, most := "-", "-", "-"
		if m.Lag != nil {
			least, median, most = m.Lag.Least.String(), m.Lag.Median.String(), m.Lag.P99.String()
		}
		p.out.say("%-14s %10d %14d %12s %12s %12s  %s", m.Name, m.Messages, m.Conversations, least, median, most, blind(m))
	}
	p.out.say("")
	p.out.say("What one told and another should have told and did not:")
	for _, l := range r.Losses {
		p.out.say("  %s: %s, of %s: %d of %d, %d of them while its source said that it is blind; as in conversation %s", l.Mechanism, l.Moment, l.Of, l.Missing, l.Should, l.Blind, numbers(l.Conversations))
	}
	switch {
	case r.Judged == 0:
		p.out.say("  not judged: it ended before -grace was over")
	case len(r.Losses) == 0:
		p.out.say("  nothing")
	}
	p.out.say("")
	p.out.say("Fields that contradict each other:")
	for _, d := range r.Differences {
		says := ""
		for words, n := range d.Words {
			says += fmt.Sprintf("; %s, %d times", words, n)
		}
		if d.Most > 0 {
			says += fmt.Sprintf("; up to %s apart", d.Most)
		}
		p.out.say("  %s, %s and %s: %d of %d%s; as in conversation %s", d.Field, d.Between[0], d.Between[1], d.Differ, d.Compared, says, numbers(d.Conversations))
	}
	if len(r.Differences) == 0 {
		p.out.say("  none")
	}
	p.out.say("")
	p.out.say("What genesys/PROTOCOL.md is not sure of:")
	for _, f := range r.Facts {
		p.out.say("  %-12s %s", f.Verdict, sentence(f, r.Conversations))
	}
	p.out.say("")
	p.out.say("%s cannot be seen by listening; the package observe lists them, with why.", count(len(observe.OutOfSight()), "further fact", "further facts"))
}

func blind(m observe.MechanismReport) string {
	if m.Blind == 0 {
		return "never"
	}
	return fmt.Sprintf("%s, %s in all", count(m.Blind, "time", "times"), m.BlindFor)
}

func sentence(f observe.Finding, conversations int) string {
	section := "its last section"
	if f.Section != "" {
		section = f.Section
	}
	text := fmt.Sprintf("%s (%s, %s): %s", f.Statement, f.ID, section, f.Says(conversations))
	if f.Note != "" {
		text += "; " + f.Note
	}
	return text
}

func numbers(list []int) string {
	text := ""
	for i, n := range list {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprint(n)
	}
	return text
}
