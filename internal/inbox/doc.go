// Package inbox passes on what a process hears of conversations that another one
// looks after.
//
// A queue or an endpoint hands a message to whichever process is free. To load
// the conversation there, and to commit against the process that has it in
// memory, would cost several times as much as at home. Instead the process
// deposits what it heard in the store, all that came meanwhile in one write, and
// the message can be acknowledged. The process that looks after the conversation
// is woken, joins what lies in its inbox with what it hears itself, and the
// commit that uses an entry removes it.
//
// The key of an entry is the digest of what it states, so that a message that
// several processes hear is one entry. Of the same statement said again the later
// one is kept: it says everything that the earlier one does.
//
// A process that dies leaves its inbox. When its lease has ended, each of the
// others finds the entries there, and takes those of the conversations that it
// looks after now. An entry that is taken twice does no harm: what is heard
// twice is joined once.
//
// A hint is an entry, too, one for each conversation and process however many
// came: it says that something has happened, not what. Whoever looks after the
// conversation has a source read it within a second, once for all hints that
// came before the read began, and then removes those. What comes after that waits
// for the next read, which begins a second after the one before.
package inbox
