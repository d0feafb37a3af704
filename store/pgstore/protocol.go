package pgstore

import "github.com/jackc/pgx/v5"

// protocol is how statements are sent; the pool's default mode says it.
type protocol uint8

const (
	preparedProtocol protocol = iota // prepared once for each connection
	extendedProtocol                 // without anything that outlives a transaction
	simpleProtocol                   // as text
)

// protocolOf is the protocol that a pool is set to.
func protocolOf(mode pgx.QueryExecMode) protocol {
	switch mode {
	case pgx.QueryExecModeCacheStatement:
		return preparedProtocol
	case pgx.QueryExecModeSimpleProtocol:
		return simpleProtocol
	}
	return extendedProtocol
}

// mode is for statements that run once: it needs nothing that outlives a
// transaction.
func (p protocol) mode() pgx.QueryExecMode {
	if p == simpleProtocol {
		return pgx.QueryExecModeSimpleProtocol
	}
	return pgx.QueryExecModeExec
}
