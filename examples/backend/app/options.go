package app

import (
	"flag"
	"fmt"
	"io"
	"net"
)

// options are the command line and the environment.
type options struct {
	listen string
	store  string
	environment
}

const usage = `Usage: backend [-listen HOST:PORT] [-store memory|sqlite:PATH|postgres://…]

Follows the conversations of Genesys Cloud until it is interrupted, and writes
each Common Event to stdout as a line of JSON.

`

const variables = `
What is set in the environment is switched on:

  GENESYS_REGION, GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET
        the API: WebSocket and polling. The region is the domain that you log in
        at, as in mypurecloud.de. GENESYS_BASE_URL in its place is for gateways,
        and alone it is for examples/simulator.
  CONVTRACK_SQS_QUEUE_URL
        EventBridge through SQS, with AWS's own variables: AWS_REGION, and
        AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or none of them
        where a role is given to the instance, task or pod; AWS_ENDPOINT_URL_SQS
        is for an emulator
  GENESYS_CLIENTAPP_ID, GENESYS_ORGANIZATION_ID
        /genesys/app/, the page for the agents' desktop: the OAuth client that
        agents log in with, and the organization that they are of. The page loads
        Genesys's SDKs from its CDN, or from GENESYS_CLIENTAPP_SDK, a folder
        node_modules with purecloud-client-app-sdk and purecloud-platform-client-v2.
  CONVTRACK_OPERATOR_PASSWORD
        /operate/ from everywhere, for the user operator with this password, who may
        retry and skip what failed; without it /operate/ can be read from this
        machine, without personal data
  CONVTRACK_TOKENS
        POST /genesys/v1/eventbridge (API destination) and
        POST /genesys/v1/updates (data action) for callers that present one of these
        secrets; a comma stands between them
  OTEL_EXPORTER_OTLP_ENDPOINT
        traces and metrics through OTLP (http/protobuf), with OpenTelemetry's other
        variables: OTEL_TRACES_EXPORTER and OTEL_METRICS_EXPORTER (none switches one
        off), OTEL_TRACES_SAMPLER, OTEL_RESOURCE_ATTRIBUTES, OTEL_SERVICE_NAME …
`

func parse(args []string, stderr io.Writer) (*options, error) {
	o := &options{}
	flags := flag.NewFlagSet("backend", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		_, _ = fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
		_, _ = fmt.Fprint(stderr, variables)
	}
	flags.StringVar(&o.listen, "listen", "127.0.0.1:8080", "where to serve HTTP, as `HOST:PORT`; port 0 takes a free one")
	flags.StringVar(&o.store, "store", "memory", "where to keep conversations: memory, sqlite:PATH or a postgres:// URL")
	if err := flags.Parse(args); err != nil {
		return nil, &usageError{"the command line", err}
	}
	if flags.NArg() > 0 {
		return nil, wrongUsage("the command line", "%q is not understood", flags.Arg(0))
	}
	if _, _, err := net.SplitHostPort(o.listen); err != nil {
		return nil, wrongUsage("-listen", "%q is not HOST:PORT, as in 127.0.0.1:8080", o.listen)
	}
	return o, nil
}
