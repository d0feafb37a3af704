package pgstore

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// order are the files of this package from top to bottom: each uses only what
// is declared in itself and in those below it.
var order = []string{
	"doc.go",
	// What a host calls first.
	"pgstore.go", "validate.go", "migrate.go", "files.go",
	// What one commit writes, and the transaction that it lends to hooks.
	"forget.go", "commit.go", "at_once.go", "hooks.go", "write.go", "committer.go", "tx.go", "statementtext.go",
	// What is read and handed out.
	"failed.go", "find.go", "list.go", "filter.go", "load.go", "log.go", "claim.go", "lag.go", "lanes.go", "named.go",
	// What other processes heard.
	"inbox.go", "await.go", "broadcast.go", "listen.go",
	// What all operations have in common: retries, transactions, connections.
	"store.go", "careful.go", "database.go",
	// The texts of the statements.
	"statements.go", "sql_commit.go", "sql_read.go", "sql_outbox.go", "sql_inbox.go", "sql_forget.go", "sql_rows.go", "sql_expect.go", "channel.go",
	// How statements and rows travel.
	"send.go", "simple.go", "connection.go", "encoder.go", "pipeline.go", "encode.go", "literal.go", "decode.go", "rowtype.go", "protocol.go", "oids.go", "values.go",
	"errors.go", "config.go",
}

func TestThePackageReadsFromTopToBottom(t *testing.T) {
	fset := token.NewFileSet()
	in := func(p token.Pos) string { return filepath.Base(fset.Position(p).Filename) }
	paths, err := filepath.Glob("*.go")
	require.NoError(t, err)
	var files []*ast.File
	for _, p := range paths {
		if strings.HasSuffix(p, "_test.go") {
			continue
		}
		require.Contains(t, order, p, "a new file needs its place in the order")
		f, err := parser.ParseFile(fset, p, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		files = append(files, f)
	}
	require.Len(t, files, len(order))
	uses := map[*ast.Ident]types.Object{}
	checked := types.Config{Importer: nothing{}, Error: func(error) {}} // of other packages nothing is known
	pkg, _ := checked.Check("pgstore", fset, files, &types.Info{Uses: uses})
	found := 0
	for id, object := range uses {
		if object.Pkg() != pkg || !object.Pos().IsValid() {
			continue
		}
		if from, to := in(id.Pos()), in(object.Pos()); from != to {
			found++
			if slices.Index(order, from) > slices.Index(order, to) {
				t.Errorf("%s: %s is declared in %s, which is above", fset.Position(id.Pos()), id.Name, to)
			}
		}
	}
	require.Greater(t, found, 500)
}

// nothing imports packages as if they were empty.
type nothing struct{}

func (nothing) Import(from string) (*types.Package, error) {
	name := strings.TrimPrefix(from, "github.com/jackc/")
	if first, version, ok := strings.Cut(name, "/v5"); ok && version == "" {
		name = first
	}
	p := types.NewPackage(from, path.Base(name))
	p.MarkComplete()
	return p, nil
}
