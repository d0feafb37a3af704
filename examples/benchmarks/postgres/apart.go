package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// The variants of the ratios and of the replicas run in processes of their own,
// as they would in production: what one keeps in memory would make it slower for
// another one to allocate some.

// eachApart are the variants, each in a process of its own.
func eachApart(list []variant) []variant {
	var all []variant
	for _, v := range list {
		all = append(all, apart(v))
	}
	return all
}

// report is what a process says: when it is ready, and after each round.
type report struct {
	N       int64
	Took    time.Duration
	Client  time.Duration
	Extra   float64
	LeftOut bool // Error says why
	Error   string
}

// runApart is a process of one variant. It runs a round for each duration that
// it is given, until there are no more.
func runApart(ctx context.Context, o *options, in io.Reader, out io.Writer) (err error) {
	profile, err := startProfile(o.cpuProfile)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, profile()) }()
	s, err := openServer(ctx, o.database, "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close(ctx)) }()
	say := json.NewEncoder(out)
	run, err := o.apart.open(ctx, s, o)
	if err != nil {
		return say.Encode(report{Error: err.Error(), LeftOut: errors.Is(err, errLeftOut)})
	}
	if err := say.Encode(report{}); err != nil {
		return err
	}
	run = accounted(run)
	for rounds := json.NewDecoder(in); ; {
		var d time.Duration
		if err := rounds.Decode(&d); err != nil {
			return nil // nobody asks for more
		}
		var r report
		if t, err := run(ctx, d); err != nil {
			r.Error = err.Error()
		} else {
			r = report{N: t.n, Took: t.took, Client: t.client, Extra: t.extra}
		}
		if err := say.Encode(r); err != nil {
			return err
		}
	}
}

// apart is the variant in a process of its own, which ends when the server is
// cleared.
func apart(v variant) variant {
	inside := v
	inside.open = func(ctx context.Context, s *server, o *options) (round, error) {
		args := []string{"-apart", v.title(), "-database", s.connString}
		if o.quick {
			args = append(args, "-quick")
		}
		if o.cpuProfile != "" {
			args = append(args, "-cpuprofile", o.cpuProfile+"."+strings.Join(strings.FieldsFunc(v.title(), notInNames), "-"))
		}
		process, err := startChild(s, o, args...)
		if err != nil {
			return nil, err
		}
		next := func() (t tally, err error) {
			var r report
			switch err := process.hear.Decode(&r); {
			case err != nil:
				return t, fmt.Errorf("its process says nothing any more: %w", err)
			case r.LeftOut:
				return t, fmt.Errorf("%w: %s", errLeftOut, strings.TrimPrefix(r.Error, errLeftOut.Error()+": "))
			case r.Error != "":
				return t, errors.New(r.Error)
			}
			return tally{n: r.N, took: r.Took, client: r.Client, extra: r.Extra}, nil
		}
		if _, err := next(); err != nil {
			return nil, err
		}
		return func(_ context.Context, d time.Duration) (tally, error) {
			if err := process.say.Encode(d); err != nil {
				return tally{}, err
			}
			return next()
		}, nil
	}
	return inside
}

func notInNames(r rune) bool {
	return !('a' <= r && r <= 'z' || '0' <= r && r <= '9')
}
