package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/setup"
)

const (
	defaultBaseURL = "https://dcm.example.com"
	defaultRegion  = "us-east-1"
)

// options are the command line.
type options struct {
	out   string
	force bool

	name, region, baseURL, division, organization string
	quality, users, launchFlows                   bool

	dataAction   bool
	timeout, ttl int
	triggers     string
	heartbeat    bool
	steps        bool

	awsAccount, awsRegion, suffix, topics string
	queue, https                          bool

	widget, standalone bool
	groups, embeddedIn string

	given map[string]bool // the flags that were given
}

const usage = `Usage: setup [-out DIR] [-region REGION] [-base-url URL] [-aws-account ID] …

Writes a folder with everything that an administrator imports so that Genesys
Cloud tells your backend of its conversations: a data action, workflows and
triggers, OAuth clients and roles, client apps, EventBridge with its queues; for
Terraform, CloudFormation, Archy and for those who click. No secret is in it.

Switch something off with =false: -widget=false

`

// parse reads the command line. Help goes to stderr.
func parse(args []string, region string, stderr io.Writer) (*options, error) {
	o := &options{given: map[string]bool{}}
	flags := flag.NewFlagSet("setup", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // of an error the whole help would hide what is wrong
	if region != "" {
		o.given["region"] = true
	} else {
		region = defaultRegion
	}
	flags.StringVar(&o.out, "out", "genesys-setup", "write to this `folder`")
	flags.BoolVar(&o.force, "force", false, "overwrite files that this did not write, or that somebody changed since")
	flags.StringVar(&o.name, "name", "DCM", "begin the names of everything with this `word`")
	flags.StringVar(&o.region, "region", region, "the `region` of the organisation, as eu-central-1 or mypurecloud.de; the default is GENESYS_REGION, if set")
	flags.StringVar(&o.baseURL, "base-url", defaultBaseURL, "the `URL` at which Genesys, AWS and browsers reach the backend")
	flags.StringVar(&o.division, "division", "Home", "create flows in this `division`")
	flags.StringVar(&o.organization, "organization", "", "the `id` of the organisation; without it, it is asked for when the AWS files are applied")
	flags.BoolVar(&o.quality, "quality", true, "let the backend read evaluations and surveys")
	flags.BoolVar(&o.users, "users", true, "let the backend list the users, whom it follows beside the queues; examples/backend needs it")
	flags.BoolVar(&o.launchFlows, "launch-flows", false, "let the backend run workflows")

	flags.BoolVar(&o.dataAction, "data-action", true, "let flows tell the backend")
	flags.IntVar(&o.timeout, "timeout", 5, "how many `seconds` Genesys waits for the backend, 1 to 10")
	flags.StringVar(&o.triggers, "triggers", "default", "the `topics` whose events start a workflow, with commas between them; or default; or none")
	flags.IntVar(&o.ttl, "ttl", 3600, "how many `seconds` old an event may be that starts a workflow, at least 10")
	flags.BoolVar(&o.heartbeat, "heartbeat", false, "write a workflow that, scheduled, shows that the way to the backend is open")
	flags.BoolVar(&o.steps, "steps", true, "write steps to copy into flows of calls and messages")

	flags.StringVar(&o.awsAccount, "aws-account", "", "switch EventBridge on, into this AWS account: twelve `digits`")
	flags.StringVar(&o.awsRegion, "aws-region", "", "the AWS `region` of the events; the default is that of the organisation")
	flags.StringVar(&o.suffix, "suffix", "dcm", "end the name of the event source with this `word`")
	flags.StringVar(&o.topics, "topics", "default", "the `topics` that are sent, with commas between them; default is all events of conversations")
	flags.BoolVar(&o.queue, "queue", true, "send events to an SQS queue")
	flags.BoolVar(&o.https, "https", false, "send events to the backend over HTTPS")

	flags.BoolVar(&o.widget, "widget", true, "show the backend's page beside each interaction")
	flags.BoolVar(&o.standalone, "standalone", true, "show the backend's page as an app of its own")
	flags.StringVar(&o.groups, "groups", "", "the `ids` of the groups that see the page, with commas between them")
	flags.StringVar(&o.embeddedIn, "embedded-in", "", "the `origins` of applications in which Genesys Cloud is embedded, with commas between them")

	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stderr, usage)
		flags.SetOutput(stderr)
		flags.PrintDefaults()
		return nil, err
	}
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("%q is no flag", flags.Arg(0))
	}
	if err != nil {
		return nil, fmt.Errorf("setup: %w", err)
	}
	flags.Visit(func(f *flag.Flag) { o.given[f.Name] = true })
	return o, nil
}

// config is what the flags say. A flag that has no effect is an error: who gave
// it expects one.
func (o *options) config() (setup.Config, error) {
	region, err := genesys.ParseRegion(o.region)
	if err != nil {
		return setup.Config{}, fmt.Errorf("setup: -region: %w", err)
	}
	c := setup.Config{Name: o.name, Region: region, BaseURL: o.baseURL, Division: o.division, OrganizationID: o.organization,
		Quality: o.quality, Users: o.users, LaunchFlows: o.launchFlows}
	if o.dataAction {
		c.DataAction = &setup.DataAction{TimeoutSeconds: o.timeout, EventTTLSeconds: o.ttl, Heartbeat: o.heartbeat, Steps: o.steps}
		switch o.triggers {
		case "default":
			c.DataAction.Triggers = setup.DefaultTriggers()
		case "none":
		default:
			c.DataAction.Triggers = list(o.triggers)
		}
	}
	if o.awsAccount != "" {
		c.EventBridge = &setup.EventBridge{AccountID: o.awsAccount, Region: o.awsRegion, Suffix: o.suffix, Queue: o.queue, HTTPS: o.https}
		if o.awsRegion == "" {
			c.EventBridge.Region = strings.ReplaceAll(region.Name, "_", "-")
		}
		if o.topics != "default" {
			c.EventBridge.Topics = list(o.topics)
		}
	}
	if o.widget || o.standalone {
		c.ClientApp = &setup.ClientApp{Widget: o.widget, Standalone: o.standalone, Groups: list(o.groups), EmbeddedIn: list(o.embeddedIn)}
	}
	return c, errors.Join(
		o.idle(c.DataAction == nil, "-data-action is off", "timeout", "triggers", "ttl", "heartbeat", "steps"),
		o.idle(c.EventBridge == nil, "-aws-account is not given", "aws-region", "suffix", "topics", "queue", "https"),
		o.idle(c.ClientApp == nil, "-widget and -standalone are off", "groups", "embedded-in"),
		zero("timeout", o.timeout), zero("ttl", o.ttl))
}

// zero refuses a zero that would mean a default.
func zero(flag string, value int) error {
	if value == 0 {
		return fmt.Errorf("setup: -%s: use a number above 0", flag)
	}
	return nil
}

func (o *options) idle(off bool, why string, flags ...string) error {
	for _, name := range flags {
		if off && o.given[name] {
			return fmt.Errorf("setup: -%s has no effect: %s", name, why)
		}
	}
	return nil
}

func list(s string) []string {
	if s == "" {
		return nil
	}
	all := strings.Split(s, ",")
	for i := range all {
		all[i] = strings.TrimSpace(all[i])
	}
	return all
}

// flagOf names the flag of each field.
var flagOf = map[string]string{
	"Name": "name", "Region": "region", "BaseURL": "base-url", "Division": "division", "OrganizationID": "organization",
	"DataAction.TimeoutSeconds": "timeout", "DataAction.EventTTLSeconds": "ttl", "DataAction.Triggers": "triggers",
	"EventBridge": "queue or -https", "EventBridge.AccountID": "aws-account", "EventBridge.Region": "aws-region",
	"EventBridge.Suffix": "suffix", "EventBridge.Topics": "topics", "ClientApp.Groups": "groups", "ClientApp.EmbeddedIn": "embedded-in",
}

// inFlags says an error about fields in the words of the command line.
func inFlags(err error) error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return err
	}
	var all []error
	for _, e := range joined.Unwrap() {
		var field *setup.FieldError
		if errors.As(e, &field) && flagOf[field.Field] != "" {
			e = fmt.Errorf("setup: -%s: %s", flagOf[field.Field], field.Problem)
		}
		all = append(all, e)
	}
	return errors.Join(all...)
}
