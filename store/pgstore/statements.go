package pgstore

// statements are the texts of all statements but those of listings. None of
// them depends on how much is written or read. Functions and operators are
// given exactly the types that PostgreSQL's own take, or are named with their
// schema (of several arrays unnest always is PostgreSQL's own): so what others
// make in a schema of the search_path is never the better match.
type statements struct {
	// begin says the isolation level, as each statement must see what was committed
	// while the one before waited, whatever the default of the connection is.
	begin, beginRead, commit *statement
	// byIndex makes the transaction use indexes. A plan is kept for long, also by
	// the server's own checks of a host's foreign keys, and one that was made while
	// a table was small reads all of it later. A scan in the order of an index
	// also remembers which of its entries are dead; one that makes a bitmap
	// visits the rows of all deliveries that a lane ever had.
	// asKept does so, too, with the plans that the server keeps: it would plan
	// some statements for what they are given, which takes longer than to run them.
	// asBefore leaves plans to the server again, for the statements of hooks.
	byIndex, asKept, asBefore *statement
	// inOrder makes the transaction look at conversations in the order of an index,
	// and at what belongs to each, where it stops when there are enough: to compile
	// such a statement, or to have others help, takes longer than to run it, and what
	// is joined in another way is read as a whole first.
	inOrder *statement

	commitStatements
	outboxStatements
	inboxStatements
	forgetStatements
	readStatements
}

func newStatements(c *Config, t *rowTypes) *statements {
	const byIndex = "select pg_catalog.set_config('enable_seqscan', 'off', true), pg_catalog.set_config('enable_hashjoin', 'off', true), pg_catalog.set_config('enable_mergejoin', 'off', true), pg_catalog.set_config('enable_bitmapscan', 'off', true)"
	s := &statements{
		begin:     newStatement("begin isolation level read committed"),
		beginRead: newStatement("begin isolation level repeatable read read only"),
		commit:    newStatement("commit"),
		byIndex:   newStatement(byIndex),
		asKept:    newStatement(byIndex + ", pg_catalog.set_config('plan_cache_mode', 'force_generic_plan', true)"),
		asBefore:  newStatement("select pg_catalog.set_config('enable_seqscan', null, true), pg_catalog.set_config('enable_hashjoin', null, true), pg_catalog.set_config('enable_mergejoin', null, true), pg_catalog.set_config('enable_bitmapscan', null, true)"),
		inOrder:   newStatement("select pg_catalog.set_config('jit', 'off', true), pg_catalog.set_config('max_parallel_workers_per_gather', '0', true), pg_catalog.set_config('enable_seqscan', 'off', true), pg_catalog.set_config('enable_hashjoin', 'off', true), pg_catalog.set_config('enable_mergejoin', 'off', true)"),
	}
	n := newNames(c)
	s.commitStatements = newCommitStatements(n, t)
	s.outboxStatements = newOutboxStatements(n, t)
	s.inboxStatements = newInboxStatements(n, t)
	s.forgetStatements = newForgetStatements(n)
	s.readStatements = newReadStatements(n)
	return s
}

// catalog is what the database says of the types for rows, and the statements
// that name them.
type catalog struct {
	types      *rowTypes
	statements *statements
}
