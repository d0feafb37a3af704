package main

import (
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// options are the command line.
type options struct {
	database   string
	tables     map[string]bool
	variants   map[string]bool // nil: all
	rounds     int
	each       time.Duration // of a round
	stored     []int         // conversations, for the table "stored"
	subjects   int           // conversations of the reference updates
	made       []*subject    // those that there are, not written anywhere
	apart      *variant      // all that this process is for
	emulator   bool          // the same
	demand     bool
	quick      bool
	cpuProfile string
	progress   io.Writer
}

const usage = `Usage: postgres [flags]

Measures the tracker and its PostgreSQL store beside what somebody would use
instead, in turns on one server, and writes tables in Markdown to stdout.

`

// variantsApart are those that have processes of their own.
func variantsApart() []variant {
	return slices.Concat(variantsOfRatios(), variantsOfReplicas(), variantsOfSQS())
}

var tableNames = []string{"ratios", "batches", "replicas", "stored", "hooks", "fsync", "sqs", "calls", "away", "posts"}

func parse(args []string, stderr io.Writer) (*options, error) {
	o := &options{progress: stderr, subjects: 2000}
	flags := flag.NewFlagSet("postgres", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&o.database, "database", "", "the connection `STRING` of a database to measure on, in schemas that are dropped again; without one a private server is started from installed binaries")
	tables := flags.String("tables", "", "only these of the tables "+strings.Join(tableNames, ", ")+", as a `LIST`; fsync needs a private server")
	variants := flags.String("variants", "", "only these variants of the tables ratios, replicas and sqs, as a `LIST`; ratios are left out where one side is missing")
	flags.IntVar(&o.rounds, "rounds", 5, "how often each variant takes its turn")
	seconds := flags.Float64("seconds", 1.5, "how many seconds a turn takes; pgbench only knows whole ones and rounds up")
	sizes := flags.String("stored", "100,10000,1000000", "how many conversations are stored already, as a `LIST`, for the table stored")
	flags.BoolVar(&o.demand, "demand", false, "exit with 1 when a goal is missed")
	flags.BoolVar(&o.quick, "quick", false, "one short round of everything, to see that it works; the figures mean nothing")
	flags.StringVar(&o.cpuProfile, "cpuprofile", "", "write a CPU profile of this process to `FILE`, whose samples carry the label variant, and those of other processes beside it")
	alone := flags.String("apart", "", "be the process of the `VARIANT`: what the command runs itself as")
	flags.BoolVar(&o.emulator, "emulator", false, "be an emulator of SQS: what the command runs itself as")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("%q is no flag", flags.Arg(0))
	}
	if o.quick {
		given := map[string]bool{}
		flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
		o.rounds, o.subjects = 1, 400
		if !given["seconds"] {
			*seconds = 0.2
		}
		if !given["stored"] {
			*sizes = "100,1000"
		}
	}
	o.each = time.Duration(*seconds * float64(time.Second))
	if o.rounds < 1 || o.each <= 0 {
		return nil, fmt.Errorf("there must be at least one round that takes some time, not %d of %v", o.rounds, o.each)
	}
	if *alone != "" {
		for _, v := range variantsApart() {
			if v.title() == *alone {
				o.apart = &v
			}
		}
		if o.apart == nil {
			return nil, fmt.Errorf("-apart: there is no variant %q", *alone)
		}
	}
	return o, o.lists(*tables, *variants, *sizes)
}

// lists reads the flags that are lists.
func (o *options) lists(tables, variants, sizes string) (err error) {
	if o.tables, err = oneOf("table", tables, tableNames); err != nil {
		return err
	}
	if o.tables == nil {
		o.tables = map[string]bool{}
		for _, name := range tableNames {
			o.tables[name] = true
		}
	}
	names := map[string]bool{}
	for _, v := range variantsApart() {
		names[v.name] = true
	}
	if o.variants, err = oneOf("variant", variants, slices.Sorted(maps.Keys(names))); err != nil {
		return err
	}
	for _, text := range strings.Split(sizes, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < liveAmongStored {
			return fmt.Errorf("-stored: %q is not a number of conversations, at least %d", text, liveAmongStored)
		}
		o.stored = append(o.stored, n)
	}
	return nil
}

// chosen returns those of the variants that take part.
func (o *options) chosen(list []variant) []variant {
	return slices.DeleteFunc(list, func(v variant) bool { return o.variants != nil && !o.variants[v.name] })
}

// oneOf reads a list of known names; nil when it is empty.
func oneOf(kind, list string, known []string) (map[string]bool, error) {
	if list == "" {
		return nil, nil
	}
	chosen := map[string]bool{}
	for _, name := range strings.Split(list, ",") {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("there is no %s %q; there are %s", kind, name, strings.Join(known, ", "))
		}
		chosen[name] = true
	}
	return chosen, nil
}
