package pgstore

import (
	"fmt"
	"regexp"

	"github.com/jackc/pgx/v5"
)

// DefaultPrefix is what the names of tables begin with.
const DefaultPrefix = "cdm_"

// Config says where the tables are. The zero value of a field is its default.
type Config struct {
	// Schema is the schema of the tables. Empty: the first one of the
	// search_path that exists. New creates one that is named here and does not
	// exist.
	Schema string
	// Prefix is what the names of all tables, types, views and indexes begin
	// with: lower-case letters, digits and underscores. DefaultPrefix.
	Prefix string
	// SkipMigrations leaves the tables as they are: somebody else applies
	// [Migrations]. New fails when they are not the ones that this version
	// needs.
	SkipMigrations bool
}

var (
	prefixPattern = regexp.MustCompile(`^[a-z][a-z0-9_]{0,30}$`)
	schemaPattern = regexp.MustCompile(`^[^\x00]{1,63}$`)
)

func (c *Config) withDefaults() Config {
	if c == nil {
		c = &Config{}
	}
	full := *c
	if full.Prefix == "" {
		full.Prefix = DefaultPrefix
	}
	return full
}

func (c *Config) validate() error {
	switch {
	case !prefixPattern.MatchString(c.Prefix):
		return fmt.Errorf("pgstore: Config.Prefix is %q; it must be lower-case letters, digits and underscores, begin with a letter and have at most 31 characters", c.Prefix)
	case c.Schema != "" && !schemaPattern.MatchString(c.Schema):
		return fmt.Errorf("pgstore: Config.Schema is %q; it must be the name of a schema, of at most 63 bytes", c.Schema)
	}
	return nil
}

// name is the full name of a table or type.
func (c *Config) name(of string) string {
	return pgx.Identifier{c.Schema}.Sanitize() + "." + c.Prefix + of
}
