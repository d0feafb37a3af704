// Setup writes a folder with everything that an administrator imports so that
// Genesys Cloud tells a backend of its conversations.
//
//	go run ./examples/setup
//	go run ./examples/setup -region eu-central-1 -base-url https://dcm.example.com -aws-account 123456789012
//	go run ./examples/setup -help
//
// It runs again over the same folder: what it wrote and nobody changed since is
// renewed or, when it is not needed any more, removed.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/dcmkit/convtrack/genesys/setup"
)

// The exit codes.
const (
	exitWritten = 0
	exitFailed  = 1
	exitUsage   = 2
)

func main() {
	os.Exit(run(os.Args[1:], os.Getenv("GENESYS_REGION"), os.Stdout, os.Stderr))
}

// run is main without the process; region is the default of -region.
func run(args []string, region string, stdout, stderr io.Writer) int {
	o, err := parse(args, region, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitWritten
	}
	var files []setup.File
	if err == nil {
		files, err = o.files()
	}
	if err != nil {
		fmt.Fprintf(stderr, "%v\nsetup: run it with -help to see the flags\n", err)
		return exitUsage
	}
	changes, err := write(o.out, files, o.force)
	if err != nil {
		fmt.Fprintf(stderr, "setup: %v\n", err)
		return exitFailed
	}
	changes.print(stdout, o.out)
	o.printNext(stdout)
	return exitWritten
}

// files works out the files, and refuses what the flags do not go together with.
func (o *options) files() ([]setup.File, error) {
	c, err := o.config()
	if err != nil {
		return nil, err
	}
	files, err := setup.Files(c)
	if err != nil {
		return nil, inFlags(err)
	}
	return files, nil
}

// printNext says what is off, what is made up, and what to do.
func (o *options) printNext(w io.Writer) {
	fmt.Fprintln(w)
	for _, hint := range []struct {
		show bool
		text string
	}{
		{o.baseURL == defaultBaseURL, "made up: " + defaultBaseURL + "; say where Genesys reaches your backend: -base-url"},
		{!o.given["region"], "assumed: the region " + o.region + "; say where your organisation lives: -region"},
		{!o.dataAction, "off: the data action (-data-action)"},
		{o.dataAction && o.triggers == "none", "off: triggers (-triggers)"},
		{o.awsAccount == "", "off: EventBridge (-aws-account)"},
		{!o.widget && !o.standalone, "off: the client app (-widget, -standalone)"},
		{(o.widget || o.standalone) && o.groups == "", "nobody sees the client app yet: name groups (-groups), or add them in Genesys Cloud"},
		{!o.quality, "off: evaluations and surveys (-quality)"},
		{!o.launchFlows, "off: running workflows (-launch-flows)"},
	} {
		if hint.show {
			fmt.Fprintln(w, hint.text)
		}
	}
	fmt.Fprintf(w, `
Next:
  1. Read %[1]s/README.md: it has the steps with Terraform and without.
  2. Compare %[1]s/permissions.md with the rights of whoever sets it up.
  3. Keep the folder under version control; run this again to change it.
`, o.out)
}
