// Simulator runs a simulated Genesys Cloud, on which conversations happen, until
// it is interrupted.
//
//	go run ./examples/simulator
//	go run ./examples/simulator -addr 127.0.0.1:8090 -rate 2 -speed 10
//	go run ./examples/simulator -conversations 100 -seed 7 -drop 0.05 -duplicate 0.05
//
// It prints how to connect: the base path of the API (for the official SDK:
// Configuration.BasePath) and the credentials of an OAuth client; and where the
// desktop of an agent is, which shows the client app of a backend that runs
// beside it in a frame:
//
//	go run ./examples/simulator &
//	GENESYS_BASE_URL=http://127.0.0.1:8090 GENESYS_CLIENTAPP_ID=simulator-app \
//		GENESYS_ORGANIZATION_ID=99999999-aaaa-4bbb-8ccc-000000000001 go run ./examples/backend
//
// Open the desktop in a browser, choose an agent and start an interaction.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/dcmkit/convtrack/examples/internal/duration"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// The exit codes.
const (
	exitStopped = 0
	exitFailed  = 1
	exitUsage   = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends it at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// options are the command line.
type options struct {
	addr       string
	load       genesystest.Load
	rateLimit  int
	frames     genesystest.FrameFaults
	analytics  time.Duration
	lake       time.Duration
	envelopes  string
	app        string
	statistics time.Duration
}

const usage = `Usage: simulator [-addr HOST:PORT] [-conversations N] [-rate R] [-speed F] [-seed S] …

Runs a simulated Genesys Cloud, on which random conversations happen, until it
is interrupted with Ctrl-C.

`

func parse(args []string, stderr io.Writer) (*options, error) {
	o := &options{}
	flags := flag.NewFlagSet("simulator", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&o.addr, "addr", "127.0.0.1:8090", "where to listen, as `HOST:PORT`; port 0 takes a free one")
	flags.IntVar(&o.load.Conversations, "conversations", 0, "how many `conversations` happen; 0: without end")
	flags.Float64Var(&o.load.PerSecond, "rate", 0.2, "how many conversations begin in a `second`, on average")
	flags.Float64Var(&o.load.Speed, "speed", 1, "play the conversations `times` as fast")
	flags.Uint64Var(&o.load.Seed, "seed", 1, "choose the conversations; the same `seed` gives the same ones")
	flags.IntVar(&o.load.Users, "users", 20, "how many agents there are")
	flags.IntVar(&o.load.Queues, "queues", 5, "how many queues there are")
	flags.Float64Var(&o.load.Quality, "quality", 0.2, "the `share` of the conversations that get a survey and an evaluation")
	duration.Var(flags, &o.load.Longest, "longest", 30*time.Minute, "leave out conversations that take longer, before -speed")
	flags.IntVar(&o.rateLimit, "rate-limit", 300, "how many `requests` the client may make in a minute; 0: any number")
	duration.Var(flags, &o.analytics, "analytics-lag", 2*time.Second, "how far analytics reads are behind")
	duration.Var(flags, &o.lake, "lake-lag", time.Minute, "how far details jobs are behind")
	flags.Float64Var(&o.frames.Drop, "drop", 0, "the `probability` that a notification is lost")
	flags.Float64Var(&o.frames.Duplicate, "duplicate", 0, "the `probability` that a notification comes twice")
	flags.Float64Var(&o.frames.Reorder, "reorder", 0, "the `probability` that a notification comes late")
	flags.StringVar(&o.envelopes, "post-envelopes", "", "post EventBridge envelopes of all detail events to this `URL`")
	flags.StringVar(&o.app, "app", "http://127.0.0.1:8080/genesys/app/", "the `URL` of the client app that the agents' desktops show")
	duration.Var(flags, &o.statistics, "statistics", 10*time.Second, "how often to say what has happened; 0: never")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case flags.NArg() > 0:
		return nil, fmt.Errorf("%q is not understood", flags.Arg(0))
	case !(o.load.PerSecond >= 0) || o.load.PerSecond == 0 && o.load.Conversations <= 0:
		return nil, errors.New("-rate must be positive, unless -conversations limits how many begin at once")
	case o.load.Conversations < 0:
		return nil, errors.New("-conversations must not be negative")
	case !(o.load.Speed > 0):
		return nil, errors.New("-speed must be positive")
	case o.load.Longest <= 0:
		return nil, fmt.Errorf("-longest is %v; it must be positive, as it leaves out what takes longer", o.load.Longest)
	}
	return o, errors.Join(
		share("quality", o.load.Quality), share("drop", o.frames.Drop), share("duplicate", o.frames.Duplicate), share("reorder", o.frames.Reorder),
		notNegative("users", o.load.Users), notNegative("queues", o.load.Queues), notNegative("rate-limit", o.rateLimit),
		notNegative("analytics-lag", o.analytics), notNegative("lake-lag", o.lake), notNegative("statistics", o.statistics))
}

// share refuses what is no part of a whole.
func share(flag string, is float64) error {
	if is >= 0 && is <= 1 {
		return nil
	}
	return fmt.Errorf("-%s is %v; it must be from 0, for none, to 1, for all", flag, is)
}

func notNegative[N int | time.Duration](flag string, is N) error {
	if is >= 0 {
		return nil
	}
	return fmt.Errorf("-%s is %v; it must not be negative", flag, is)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitStopped
	case err != nil:
		fmt.Fprintln(stderr, "simulator:", err)
		fmt.Fprintln(stderr, "Run it with -help to see how it is used.")
		return exitUsage
	}
	if err := simulate(ctx, o, stdout); err != nil {
		fmt.Fprintln(stderr, "simulator:", err)
		return exitFailed
	}
	return exitStopped
}

// keep is how many conversations are remembered, so that the program can run
// for weeks.
const keep = 20_000

func simulate(ctx context.Context, o *options, stdout io.Writer) error {
	s, err := genesystest.Start( //nolint:contextcheck // it lives until Close
		genesystest.Addr(o.addr), genesystest.Seed(o.load.Seed), genesystest.RateLimit(o.rateLimit),
		genesystest.AnalyticsLag(o.analytics), genesystest.DataLakeLag(o.lake), genesystest.Keep(keep))
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%w; choose another -addr, with port 0 for a free one", err)
	}
	if err != nil {
		return err
	}
	defer s.Close()
	s.Faults().Frames(o.frames)
	if o.envelopes != "" {
		s.PostEnvelopes(genesystest.Destination{URL: o.envelopes}) //nolint:contextcheck // until the server is closed
	}
	installApp(s, o.app)
	load := s.Load(o.load) //nolint:contextcheck // until the server is closed
	id, secret := s.Credentials()
	fmt.Fprintf(stdout, `A simulated Genesys Cloud runs. Connect with

  base URL       %s
  client id      %s
  client secret  %s

The desktop of an agent, with the client app at %s:

  in a browser     %s
  client id        %s
  organization id  %s

`, s.URL(), id, secret, o.app, s.DesktopURL("", ""), appID, s.OrganizationID())
	fmt.Fprintln(stdout, "Agents and queues to subscribe are listed at /api/v2/users and /api/v2/routing/queues.")
	fmt.Fprintln(stdout, "Press Ctrl-C to stop.")
	watch(ctx, o, s, load, stdout)
	fmt.Fprintf(stdout, "Stopped: %s\n", summary(s, load))
	return nil
}

// appID is the OAuth client with which agents log in at the client app.
const appID = "simulator-app"

// installApp shows the app on the desktops, beside each interaction and as a page
// of its own.
func installApp(s *genesystest.Server, app string) {
	const everywhere = "gcHostOrigin={{gcHostOrigin}}&gcTargetEnv={{gcTargetEnv}}&gcLangTag={{gcLangTag}}"
	s.AddCodeClients(genesystest.CodeClient{ID: appID, RedirectURIs: []string{app},
		Scopes: []string{"conversations:readonly", "notifications", "users:readonly", "user-basic-info"}})
	s.InstallApps(genesystest.ClientApp{Name: "DCM", URL: app + "?gcConversationId={{gcConversationId}}&" + everywhere},
		genesystest.ClientApp{Name: "DCM, all conversations", URL: app + "?" + everywhere, Standalone: true})
}

// watch says what happens until the end of ctx.
func watch(ctx context.Context, o *options, s *genesystest.Server, load *genesystest.Loading, stdout io.Writer) {
	var tick <-chan time.Time
	if o.statistics > 0 {
		ticker := time.NewTicker(o.statistics)
		defer ticker.Stop()
		tick = ticker.C
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick:
			fmt.Fprintf(stdout, "%s  %s\n", time.Now().Format(time.TimeOnly), summary(s, load))
		}
	}
}

func summary(s *genesystest.Server, load *genesystest.Loading) string {
	n := s.Counts()
	return fmt.Sprintf("%d conversations begun, %d requests, %d frames sent, %d dropped, %d duplicated, %d late",
		load.Begun(), n.Requests, n.FramesSent, n.Dropped, n.Duplicated, n.Reordered)
}
