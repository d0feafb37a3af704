package sqlitestore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // the built-in driver
)

// memoryPath opens a database in memory, for tests.
const memoryPath = ":memory:"

// connector opens connections of a driver by its name, and prepares each.
type connector struct {
	driver driver.Driver
	dsn    string
}

// newConnector finds the driver that is registered under the name.
func newConnector(name, path string) (*connector, error) {
	db, err := sql.Open(name, memoryPath) // this only looks up the name
	if err != nil {
		return nil, fmt.Errorf("sqlitestore: Config.Driver: %w", err)
	}
	defer func() { _ = db.Close() }()
	return &connector{db.Driver(), dataSource(path)}, nil
}

// dataSource writes the path as the URI that SQLite understands.
func dataSource(path string) string {
	if path == memoryPath {
		return "file::memory:?_txlock=immediate"
	}
	path = filepath.ToSlash(path)
	if filepath.VolumeName(path) != "" {
		path = "/" + path
	}
	return "file:" + strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path) + "?_txlock=immediate"
}

// Driver implements driver.Connector.
func (c *connector) Driver() driver.Driver { return c.driver }

// Connect implements driver.Connector.
func (c *connector) Connect(context.Context) (driver.Conn, error) {
	opened, err := c.driver.Open(c.dsn)
	if err != nil {
		return nil, err
	}
	return guard(opened)
}

// link is a connection with the statements that were prepared on it. One
// goroutine uses it at a time.
type link struct {
	conn     *sql.Conn
	guarded  *guarded // the same
	prepared map[*statement]*sql.Stmt
}

// statement is the text of a statement that is prepared once on each link.
type statement struct{ text string }

// connect opens a link. The settings are those of a connection; what belongs
// to the file is settled by Open.
func connect(ctx context.Context, db *sql.DB, settings ...string) (*link, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	l := &link{conn: conn, prepared: map[*statement]*sql.Stmt{}}
	err = conn.Raw(func(c any) error {
		l.guarded = c.(*guarded)
		return nil
	})
	if err != nil {
		l.close()
		return nil, err
	}
	for _, s := range settings {
		if _, err := conn.ExecContext(ctx, "PRAGMA "+s); err != nil {
			l.close()
			return nil, err
		}
	}
	return l, nil
}

func (l *link) close() {
	for _, s := range l.prepared {
		_ = s.Close() // the connection goes with it
	}
	_ = l.conn.Close()
}

// stmt returns the prepared statement.
func (l *link) stmt(ctx context.Context, s *statement) (*sql.Stmt, error) {
	if p := l.prepared[s]; p != nil {
		return p, nil
	}
	p, err := l.conn.PrepareContext(ctx, s.text)
	if err != nil {
		return nil, fmt.Errorf("%w, in: %s", err, s.text)
	}
	l.prepared[s] = p
	return p, nil
}

func (l *link) exec(ctx context.Context, s *statement, args ...any) (int64, error) {
	p, err := l.stmt(ctx, s) //nolint:sqlclosecheck // it is closed with the link
	if err != nil {
		return 0, err
	}
	r, err := p.ExecContext(ctx, storable(args)...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// query calls each for every row, whose values are valid until the next one.
func (l *link) query(ctx context.Context, s *statement, args []any, each func(row []any) error) error {
	p, err := l.stmt(ctx, s) //nolint:sqlclosecheck // it is closed with the link
	if err != nil {
		return err
	}
	rows, err := p.QueryContext(ctx, storable(args)...)
	if err != nil {
		return err
	}
	return scan(rows, each)
}

// queryText is query for a statement that is not worth preparing.
func (l *link) queryText(ctx context.Context, text string, args []any, each func(row []any) error) error {
	rows, err := l.conn.QueryContext(ctx, text, storable(args)...)
	if err != nil {
		return err
	}
	return scan(rows, each)
}

func scan(rows *sql.Rows, each func(row []any) error) error {
	defer func() { _ = rows.Close() }() // what matters is in Err
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	row, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range row {
		into[i] = &row[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if err := each(row); err != nil {
			return err
		}
	}
	return rows.Err()
}
