package sqlitestore

import (
	"fmt"
	"regexp"
	"time"
)

// Config says how to open a store. The zero value of a field is its default.
type Config struct {
	// Prefix is what the names of all tables begin with: lower-case letters,
	// digits and underscores. "cdm_".
	Prefix string
	// Readers is how many reads can go on at a time beside the one write. 4.
	Readers int
	// BusyTimeout is how long a write waits for another process that is
	// writing; its context may end the wait sooner. 30 s.
	BusyTimeout time.Duration
	// SkipMigrations leaves the tables as they are: somebody else applies
	// [Migrations]. Open fails when they are not the ones that this version
	// needs.
	SkipMigrations bool
	// Driver is the name of a registered database/sql driver of SQLite, for
	// measuring; it must understand "file:" names with _txlock=immediate.
	// Empty is the built-in one.
	Driver string
}

var prefixPattern = regexp.MustCompile(`^[a-z][a-z0-9_]{0,30}$`)

func (c Config) withDefaults() Config {
	if c.Prefix == "" {
		c.Prefix = DefaultPrefix
	}
	if c.Readers == 0 {
		c.Readers = 4
	}
	if c.BusyTimeout == 0 {
		c.BusyTimeout = 30 * time.Second
	}
	if c.Driver == "" {
		c.Driver = "sqlite"
	}
	return c
}

func (c *Config) validate() error {
	switch {
	case !prefixPattern.MatchString(c.Prefix):
		return fmt.Errorf("sqlitestore: Config.Prefix is %q; it must be lower-case letters, digits and underscores, and begin with a letter", c.Prefix)
	case c.Readers < 1:
		return fmt.Errorf("sqlitestore: Config.Readers is %d; it must be at least 1, or 0 for the default", c.Readers)
	case c.BusyTimeout < 0:
		return fmt.Errorf("sqlitestore: Config.BusyTimeout is %v; it must not be negative", c.BusyTimeout)
	}
	return nil
}
