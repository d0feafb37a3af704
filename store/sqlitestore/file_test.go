package sqlitestore

import (
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/store"
)

func newPath(t *testing.T) string { return filepath.Join(t.TempDir(), "store.db") }

func opened(t *testing.T, path string, config *Config) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, config)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// change runs statements on the file, past the store.
func change(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	for _, s := range statements {
		_, err := db.ExecContext(t.Context(), s)
		require.NoError(t, err)
	}
	require.NoError(t, db.Close())
}

func TestAFileThatIsNoDatabaseIsRefusedAndNotTouched(t *testing.T) {
	path := newPath(t)
	text := []byte("the minutes of a meeting, long enough to have what could be taken for the header of a database file: one hundred bytes")
	require.NoError(t, os.WriteFile(path, text, 0o600))
	_, err := Open(t.Context(), path, nil)
	require.ErrorIs(t, err, ErrForeign)
	require.ErrorContains(t, err, "another path")
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, text, after)
}

func TestADatabaseOfSomethingElseIsRefusedAndNotTouched(t *testing.T) {
	for name, statement := range map[string]string{"tables": "CREATE TABLE invoice (id)", "an application id": "PRAGMA application_id=77; PRAGMA user_version=1"} {
		path := newPath(t)
		change(t, path, statement)
		before, err := os.ReadFile(path)
		require.NoError(t, err)
		_, err = Open(t.Context(), path, nil)
		require.ErrorIs(t, err, ErrForeign, name)
		require.ErrorContains(t, err, "another path")
		after, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, before, after, "it is not even switched to another journal")
	}
}

func TestAnEmptyFileBecomesAStore(t *testing.T) {
	path := newPath(t)
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	opened(t, path, nil)
}

func TestAStoreOfANewerVersionIsRefused(t *testing.T) {
	path := newPath(t)
	require.NoError(t, opened(t, path, nil).Close())
	change(t, path, "INSERT INTO cdm_migration VALUES (9999, '9999_moods', 0)")
	_, err := Open(t.Context(), path, nil)
	require.ErrorIs(t, err, ErrNewer)
	require.ErrorContains(t, err, "update this program")
}

func TestTablesOfTheHostMayBeInTheFile(t *testing.T) {
	path := newPath(t)
	require.NoError(t, opened(t, path, nil).Close())
	change(t, path, "CREATE TABLE invoice (id)")
	opened(t, path, nil)
}

func TestSomebodyElseMayApplyTheMigrations(t *testing.T) {
	path := newPath(t)
	_, err := Open(t.Context(), path, &Config{SkipMigrations: true})
	require.ErrorIs(t, err, ErrOutdated)
	require.ErrorContains(t, err, "Migrations")

	all, err := migrations(DefaultPrefix)
	require.NoError(t, err)
	for _, m := range all {
		change(t, path, m.text)
	}
	opened(t, path, &Config{SkipMigrations: true})
}

func TestAPathInADirectoryThatIsNotThereSaysWhatToDo(t *testing.T) {
	_, err := Open(t.Context(), filepath.Join(t.TempDir(), "missing", "store.db"), nil)
	require.ErrorContains(t, err, "its directory must exist")
	_, err = Open(t.Context(), t.TempDir(), nil)
	require.Error(t, err, "the path is a directory")
}

func TestADirectoryThatCannotBeWrittenToSaysWhatToDo(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o500))
	if os.Geteuid() == 0 {
		dir = "/proc" // nobody may create files there, and root may anywhere else
	}
	_, err := Open(t.Context(), filepath.Join(dir, "store.db"), nil)
	require.ErrorContains(t, err, "must be able to create files there")
}

func TestAnEmptyPathIsRefused(t *testing.T) {
	_, err := Open(t.Context(), "", nil)
	require.ErrorContains(t, err, "the path of the file is empty")
}

func TestAFileThatCannotBeWrittenToSaysWhatToDo(t *testing.T) {
	path := newPath(t)
	require.NoError(t, opened(t, path, nil).Close())
	err := explain(func() error {
		db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
		require.NoError(t, err)
		defer func() { require.NoError(t, db.Close()) }()
		_, err = db.ExecContext(t.Context(), "DELETE FROM cdm_value")
		return err
	}())
	require.ErrorContains(t, err, "must be able to write to the file")
}

func TestADiskThatIsFullSaysWhatToDo(t *testing.T) {
	db, err := sql.Open("sqlite", "file:"+newPath(t)+"?_pragma=max_page_count(2)")
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	_, err = db.ExecContext(t.Context(), "CREATE TABLE large AS SELECT zeroblob(100000)")
	require.ErrorContains(t, explain(err), "free some space")
}

func TestAnyCharacterMayBeInThePath(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b%20?mode=ro#c&d'e")
	require.NoError(t, opened(t, path, nil).Close())
	require.FileExists(t, path)
}

func TestARelativePathIsThatOfTheDirectoryInWhichTheFileWasOpened(t *testing.T) {
	elsewhere := t.TempDir()
	t.Chdir(t.TempDir())
	s := opened(t, "store.db", nil)
	t.Chdir(elsewhere)
	commit(t, s, call("c"))
	records, err := s.Load(t.Context(), "c") // on a connection of its own
	require.NoError(t, err)
	require.NotZero(t, records[0].Version)
	left, err := os.ReadDir(elsewhere)
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestAWrongConfigurationIsRefused(t *testing.T) {
	for field, c := range map[string]*Config{"Prefix": {Prefix: "x; DROP TABLE y"}, "Readers": {Readers: -1}, "BusyTimeout": {BusyTimeout: -1}, "Driver": {Driver: "unheard-of"}} {
		_, err := Open(t.Context(), newPath(t), c)
		require.ErrorContains(t, err, "Config."+field)
	}
}

func TestTwoStoresMayShareAFileUnderTwoPrefixes(t *testing.T) {
	path := newPath(t)
	for _, prefix := range []string{"a_", "b_"} {
		s := opened(t, path, &Config{Prefix: prefix})
		_, err := s.SetValue(t.Context(), "name", []byte(prefix), 0)
		require.NoError(t, err)
	}
	value, _, err := opened(t, path, &Config{Prefix: "a_"}).Value(t.Context(), "name")
	require.NoError(t, err)
	require.Equal(t, "a_", string(value))
}

func TestTwoProcessesLoseNoUpdateOfEachOther(t *testing.T) {
	path := newPath(t)
	other := exec.CommandContext(t.Context(), os.Args[0], "-sqlitestore.child", path)
	var said []byte
	ended := make(chan error)
	go func() {
		var err error
		said, err = other.CombinedOutput()
		ended <- err
	}()
	s := opened(t, path, nil) // both may be the one that creates the file
	for i := range rounds {
		require.NoError(t, appendDivision(t.Context(), s, fmt.Sprintf("parent-%d", i)))
	}
	require.NoError(t, <-ended, "%s", said)
	records, err := s.Load(t.Context(), "shared")
	require.NoError(t, err)
	require.EqualValues(t, 2*rounds, records[0].Version)
	require.EqualValues(t, 2*rounds, records[0].LastSeq)
	require.Len(t, records[0].Conversation.DivisionIDs, 2*rounds)
	for seq := int64(1); seq <= 2*rounds; seq++ {
		due, _, err := s.Claim(t.Context(), store.Claim{Owner: "o", Lease: 1 << 40, Hooks: []string{"hook"}, Limit: 5})
		require.NoError(t, err)
		require.Len(t, due, 1)
		require.Equal(t, seq, due[0].Seq)
		_, err = s.Commit(t.Context(), store.Batch{Outcomes: []store.Outcome{{Owner: "o", EventID: due[0].ID, Hook: "hook"}}})
		require.NoError(t, err)
	}
}

func TestManyMayOpenANewFileAtOnce(t *testing.T) {
	path := newPath(t)
	errs := make(chan error)
	for range 8 {
		go func() {
			s, err := Open(t.Context(), path, nil)
			if err == nil {
				err = s.Close()
			}
			errs <- err
		}()
	}
	for range 8 {
		require.NoError(t, <-errs)
	}
}

func TestEntriesGoWithTheirConversation(t *testing.T) {
	path := newPath(t)
	s := opened(t, path, nil)
	require.NoError(t, appendDivision(t.Context(), s, "one"))
	require.NoError(t, s.Deposit(t.Context(), []store.Entry{{ConversationID: "shared", Key: "k"}, {ConversationID: "other", Key: "k"}}))
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)")
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	_, err = db.ExecContext(t.Context(), "DELETE FROM cdm_conversation WHERE conversation_id = 'shared'")
	require.NoError(t, err)
	left, err := s.Inbox(t.Context(), store.InboxQuery{Limit: 10})
	require.NoError(t, err)
	require.Len(t, left, 1)
	require.Equal(t, "other", left[0].ConversationID)
}
