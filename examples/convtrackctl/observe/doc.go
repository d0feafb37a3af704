// Package observe compares what the mechanisms of an organisation say of the same
// conversations: how late each is, what one told and another did not, where they
// contradict each other; and it says of what genesys/PROTOCOL.md does not know for
// sure (grade U) what was seen.
//
// An [Observer] is told of everything as it came: frames of WebSockets, calls of
// the API, messages of a queue. It keeps that in memory, and what it reports holds
// running numbers in place of ids, and no names, addresses or values, so that it
// can be handed on.
//
// Where to look: said.go takes a message apart; moments.go is when things happened
// and who told it when, of which lag.go and losses.go are made; differences.go
// compares the pictures; facts*.go are what is not known, with a detector each.
package observe
