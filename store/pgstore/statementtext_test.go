package pgstore

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAStatementThatEndsTheTransactionIsKnownByItsText(t *testing.T) {
	ending := []string{"commit", "COMMIT WORK", "commit and chain", "end", "END TRANSACTION", "abort", "rollback", "rollback work", "ROLLBACK TRANSACTION AND CHAIN",
		"rollback and chain", "prepare transaction 'x'", "commit prepared 'x'"}
	harmless := []string{"", "select 1", "savepoint commit", "release savepoint x", "rollback to x", "rollback work to x", "ROLLBACK TRANSACTION TO SAVEPOINT x",
		"prepare x as select 1", "select 'it''s; commit'", `select e'\'; commit; --'`, "select $$; commit;$$", "select $a$; $$ commit; $a$", `select "; commit; "`,
		"insert into host values ($1); select $2", "select 1 as e; select E'x'", "/* ; commit; /* ; */ commit; */ select 1", "-- ;commit;\nselect 1",
		"create function f() returns int begin atomic select 1; select case when true then 1 end; end",
		"create or replace procedure p() language sql begin atomic insert into host values (1); end", "do $x$ begin perform 1; end $x$",
		"select case when true then 1 end", "commits", "select x from t where commit", "select a[1:2]; update t set x = a['k']", "begin"}
	for _, around := range [][2]string{{"", ""}, {" ;\t", ";"}, {"/* now */ ", " -- now"}, {"-- '\n", " "}} {
		for _, text := range harmless {
			text = around[0] + text + around[1]
			require.False(t, endsTransaction(text), text)
			for _, end := range ending {
				for _, several := range []string{text + "\n;" + end, end + ";" + text} {
					require.True(t, endsTransaction(several), several)
				}
			}
		}
		for _, end := range ending {
			require.True(t, endsTransaction(around[0]+strings.ToUpper(end)+around[1]), end)
		}
	}
}

// FuzzEndsTransaction: any text is read to its end.
func FuzzEndsTransaction(f *testing.F) {
	for _, seed := range []string{"select $a$ 'x' $a$; commit", "e'", "/*/", "$", "$$", "--", "'", "create atomic ; end"} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, sql string) { endsTransaction(sql) })
}
