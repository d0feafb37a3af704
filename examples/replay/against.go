package main

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/dcmkit/convtrack/dryrun"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/examples/internal/stores"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/pgstore"
	"github.com/dcmkit/convtrack/store/sqlitestore"
)

// progressEvery is how often it is said how far a dry run is.
const progressEvery = 10 * time.Second

// register registers the hooks and definitions whose effect a dry run shows. To see
// what your own would do, register them here.
func register(hooks *events.Hooks) {
	events.After(hooks, "replay-print", func(context.Context, events.Event) error { return nil })
}

// against compares what the rules of this version imply with what a store has
// announced, and writes a line for each conversation in which that differs. It
// returns in how many it does.
func against(ctx context.Context, s store.Store, stdout, stderr io.Writer) (different int, err error) {
	hooks := events.NewHooks()
	register(hooks)
	out := &lines{w: bufio.NewWriter(stdout)}
	total, err := s.Count(ctx, store.Query{})
	if err != nil {
		return 0, err
	}
	looked, said := 0, time.Now()
	for d, err := range dryrun.Compare(ctx, s, hooks, store.Query{Limit: store.MostLimit}) {
		switch {
		case ctx.Err() != nil:
			return different, fmt.Errorf("interrupted after %d of %d conversations; what is printed so far is right, but not all", looked, total)
		case err != nil:
			return different, err
		}
		looked++
		if time.Since(said) > progressEvery {
			said = time.Now()
			fmt.Fprintf(stderr, "replay: %d of %d conversations, %d differ\n", looked, total, different)
		}
		if d.Empty() {
			continue
		}
		different++
		line, err := json.Marshal(describe(&d))
		if err != nil {
			return different, err
		}
		if err := out.write(line); err != nil {
			return different, fmt.Errorf("the output cannot be written: %w", err)
		}
	}
	fmt.Fprintf(stderr, "replay: %d conversations, %d differ; nothing was written\n", looked, different)
	return different, nil
}

// difference is a line of a dry run.
type difference struct {
	Type           string       `json:"type"` // difference
	ConversationID string       `json:"conversationId"`
	Add            []occurrence `json:"add,omitzero"`
	Drop           []occurrence `json:"drop,omitzero"`
	Change         []occurrence `json:"change,omitzero"`
	// Failed says why a function of events.Define has no answer, by the type of its events.
	Failed map[events.Type]string `json:"failed,omitzero"`
}

type occurrence struct {
	Type   string          `json:"type"`
	ID     string          `json:"id"`
	Time   time.Time       `json:"time,omitzero"`
	Data   json.RawMessage `json:"data"`
	Was    json.RawMessage `json:"was,omitzero"`    // of a change: what was announced
	Fields []string        `json:"fields,omitzero"` // of a change: what differs
	Before []string        `json:"before,omitzero"` // the hooks that would have run
	After  []string        `json:"after,omitzero"`
}

func describe(d *dryrun.Difference) difference {
	out := difference{Type: "difference", ConversationID: d.ConversationID}
	encode := func(e events.Event) occurrence {
		data, _ := events.Encode(e) // it was encoded to be compared
		return occurrence{Type: string(e.Head().Type), ID: e.Head().ID, Time: e.Head().Time, Data: data}
	}
	for _, a := range d.Added {
		e := encode(a.Event)
		e.Before, e.After = a.Before, a.After
		out.Add = append(out.Add, e)
	}
	for _, l := range d.Dropped {
		out.Drop = append(out.Drop, occurrence{Type: l.Type, ID: l.ID, Time: l.Time, Data: l.Data})
	}
	for _, c := range d.Changed {
		e := encode(c.Event)
		e.Was, e.Fields = c.Logged.Data, c.Fields
		out.Change = append(out.Change, e)
	}
	for of, err := range d.Failed {
		if out.Failed == nil {
			out.Failed = map[events.Type]string{}
		}
		out.Failed[of] = err.Error()
	}
	return out
}

// openReadOnly opens a store that cannot be written to.
func openReadOnly(ctx context.Context, name string) (store.Store, error) {
	at, err := stores.Parse(name)
	if err != nil {
		return nil, fmt.Errorf("-against: %w", err)
	}
	switch {
	case at.Pool != nil:
		at.Pool.ConnConfig.RuntimeParams["default_transaction_read_only"] = "on"
		s, err := at.Open(ctx, &pgstore.Config{SkipMigrations: true})
		if err != nil {
			return nil, fmt.Errorf("-against: %w", err)
		}
		return s, nil
	case at.Path != "":
		return openCopy(ctx, at)
	}
	return nil, errors.New("-against: memory is not known here; it is sqlite:PATH or a postgres:// URL")
}

// copied is a store on a copy of a file, which goes with it.
type copied struct {
	store.Store
	folder string
}

// openCopy opens a copy of the file as it is at this moment: a program that writes
// to the file goes on, and tables of an older version are upgraded in the copy.
func openCopy(ctx context.Context, at *stores.Address) (store.Store, error) {
	path := at.Path
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("-against sqlite:%s: %w", path, errors.Unwrap(err))
	}
	db, err := sql.Open("sqlite", at.FileURI("mode=ro&_pragma=busy_timeout(10000)"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }() // it was only read
	folder, err := os.MkdirTemp("", "replay")
	if err != nil {
		return nil, err
	}
	s := &copied{folder: folder}
	file := filepath.Join(folder, "copy.db")
	if _, err = db.ExecContext(ctx, "VACUUM INTO ?", file); err == nil {
		s.Store, err = sqlitestore.Open(ctx, file, nil)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("-against sqlite:%s: %w", path, err), os.RemoveAll(folder))
	}
	return s, nil
}

func (c *copied) Close() error { return errors.Join(c.Store.Close(), os.RemoveAll(c.folder)) }
