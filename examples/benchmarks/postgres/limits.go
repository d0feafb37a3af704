package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// errLeftOut: the variant cannot be measured here, which is no failure.
var errLeftOut = errors.New("left out")

var tpsPattern = regexp.MustCompile(`tps = ([0-9.]+)`)

// pgbenchN is the simple update of pgbench with prepared statements: what the
// server does with small transactions when the client costs next to nothing.
func pgbenchN(clients int) variant {
	return variant{name: "pgbench", with: fmt.Sprint("-N, ", clients, " clients"), counts: "transactions", open: func(ctx context.Context, s *server, o *options) (round, error) {
		program := s.pgbench(ctx)
		if program == "" {
			return nil, fmt.Errorf("%w: there is no program pgbench; Debian has it in the package postgresql-contrib or postgresql-15", errLeftOut)
		}
		x, err := s.newSite(ctx)
		if err != nil {
			return nil, err
		}
		run := func(ctx context.Context, args ...string) (string, error) {
			cmd := exec.CommandContext(ctx, program, append(args, x.connString)...)
			cmd.Env = append(os.Environ(), "PGOPTIONS=-c search_path="+x.schema)
			out, err := cmd.CombinedOutput()
			if err != nil {
				return "", fmt.Errorf("pgbench: %w: %s", err, out)
			}
			return string(out), nil
		}
		scale := 10
		if o.quick {
			scale = 1
		}
		if _, err := run(ctx, "-i", "-q", "-s", strconv.Itoa(scale)); err != nil {
			return nil, err
		}
		return func(ctx context.Context, d time.Duration) (tally, error) {
			seconds := math.Ceil(d.Seconds())
			out, err := run(ctx, "-N", "-n", "-M", "prepared", "-c", strconv.Itoa(clients), "-j", strconv.Itoa(min(clients, runtime.NumCPU())),
				"-T", strconv.Itoa(int(seconds)))
			if err != nil {
				return tally{}, err
			}
			found := tpsPattern.FindStringSubmatch(out)
			if found == nil {
				return tally{}, fmt.Errorf("pgbench says nothing of tps: %s", out)
			}
			tps, err := strconv.ParseFloat(found[1], 64)
			return tally{n: int64(tps * seconds), took: time.Duration(seconds * float64(time.Second))}, err
		}, nil
	}}
}

// copyRows is how many rows a COPY of the variant copy has.
const copyRows = 1000

// copied is the limit of what the server takes: rows of the outbox by COPY,
// nothing read and nothing checked.
func copied() variant {
	return variant{name: "copy", with: fmt.Sprint("1 × ", copyRows), counts: "rows", open: func(ctx context.Context, s *server, _ *options) (round, error) {
		x, err := s.newSite(ctx)
		if err != nil {
			return nil, err
		}
		pool, err := x.pool(ctx, 1)
		if err != nil {
			return nil, err
		}
		if _, err := pool.Exec(ctx, handwrittenTables); err != nil {
			return nil, err
		}
		list := make([][]any, copyRows)
		for i := range list {
			list[i] = []any{uuidOf(referenceID(ofConversation, i, 0)), int64(i), "agent.connected", payload}
		}
		return func(ctx context.Context, d time.Duration) (tally, error) {
			return onConnections(ctx, pool, 1, d, func(c *pgx.Conn, _ int) (int, error) {
				n, err := c.CopyFrom(ctx, pgx.Identifier{"outbox"}, []string{"conversation_id", "version", "type", "payload"}, pgx.CopyFromRows(list))
				return int(n), err
			})
		}, nil
	}}
}
