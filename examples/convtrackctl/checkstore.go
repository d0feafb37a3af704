package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dcmkit/convtrack/examples/internal/stores"
	"github.com/dcmkit/convtrack/store/pgstore"
	"github.com/dcmkit/convtrack/store/sqlitestore"
)

// checkStore checks the database, as far as it can be reached.
func (d *diagnosis) checkStore(ctx context.Context, p *program) {
	at, _ := p.address() // it was read before
	all, err := p.migrations(ctx, at)
	if d.failed("store", err, "see that the address is right, that the database answers, and that the role may read it") {
		return
	}
	if err := judge(all); d.failed("migrations", err, "") {
		return
	}
	d.ok("migrations", fmt.Sprintf("all %d are applied in %s", len(all), at))
	s, err := p.openAt(ctx, at)
	if err != nil {
		d.tables(err)
		return
	}
	defer func() { d.failed("store", s.Close(), "") }()
	if validated, is := s.Store.(interface{ Validate(context.Context) error }); is {
		d.tables(validated.Validate(ctx))
	} else {
		d.ok("tables", "they are as they must be")
	}
	if s.Pool != nil {
		d.pool(ctx, p, s)
		d.clock(ctx, s)
	}
	d.health(ctx, s.Store)
}

// tables reports what is wrong with the tables, one by one.
func (d *diagnosis) tables(err error) {
	var problems []string
	var postgres *pgstore.SchemaError
	var sqlite *sqlitestore.SchemaError
	switch {
	case err == nil:
		d.ok("tables", "tables, views, indexes, triggers and privileges are as they must be")
		return
	case errors.As(err, &postgres):
		problems = postgres.Problems
	case errors.As(err, &sqlite):
		problems = sqlite.Problems
	default:
		d.failed("tables", err, "")
		return
	}
	for _, says := range problems {
		remedy := "the migrations make it; who has changed the tables must put back what they made (convtrackctl migrate print)"
		switch {
		case strings.HasPrefix(says, "the role "):
			remedy = "run what convtrackctl grants ROLE prints, as the role that owns the tables"
		case strings.HasPrefix(says, "everybody may create"):
			remedy = "run that statement as the owner of the schema"
		}
		d.find(finding{"tables", levelProblem, says, remedy})
	}
}

// committers is Config.Committers where the host does not set it, and one
// connection listens.
const committers = 4

// pool compares the pool that a tracker with this URL has with what it needs.
func (d *diagnosis) pool(ctx context.Context, p *program, s *stores.Store) {
	at, err := stores.Parse(p.where.store)
	if d.failed("pool", err, "") {
		return
	}
	have, need := int(at.Pool.MaxConns), committers+d.workers+1
	says := fmt.Sprintf("a program with this URL, on this machine, has %d connections; %d committers, %d hooks in transactions and 1 that listens take %d", have, committers, d.workers, need)
	if have < need {
		d.find(finding{"pool", levelWarning, says, fmt.Sprintf("give pool_max_conns=%d in the URL, or fewer hooks at a time (Config.BeforeWorkers); whoever sets pgxpool.Config.MaxConns knows better", max(24, need+1))})
	} else {
		d.ok("pool", says)
	}
	var most, used int
	err = s.Pool.QueryRow(ctx, "select current_setting('max_connections')::int, (select count(*) from pg_stat_activity where backend_type = 'client backend')::int").Scan(&most, &used)
	if d.failed("connections", err, "") {
		return
	}
	says = fmt.Sprintf("%d of the server's %d connections are in use", used, most)
	if used*10 > most*8 {
		d.find(finding{"connections", levelWarning, says, "raise max_connections, or make the pools smaller"})
		return
	}
	d.ok("connections", says)
}

// mostSkew is how far the clocks may be apart.
const mostSkew = time.Second

// clock compares the clock of the database with that of this machine.
func (d *diagnosis) clock(ctx context.Context, s *stores.Store) {
	asked := time.Now()
	theirs, err := now(ctx, s)
	if d.failed("clock", err, "") {
		return
	}
	took := time.Since(asked)
	skew := theirs.Sub(asked.Add(took / 2)).Round(time.Millisecond)
	says := fmt.Sprintf("that of the database is %v ahead of this machine's, ±%v", skew, (took / 2).Round(time.Millisecond))
	if skew.Abs() > mostSkew+took/2 {
		d.find(finding{"clock", levelWarning, says, "let both follow NTP: times of events and of the store do not fit together"})
		return
	}
	d.ok("clock", says)
}
