// Package directory reads who and what there is in an organisation: its users
// and its queues. It needs nothing but a [genesys.API].
//
// A [Selection] says which of them a source follows, by division or by name.
package directory
